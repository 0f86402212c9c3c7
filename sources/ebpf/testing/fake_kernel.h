// SPDX-License-Identifier: Apache-2.0
// A kernel and a netlink socket in memory, for tests of the sources.
#ifndef WEIR_SOURCES_EBPF_TESTING_FAKE_KERNEL_H_
#define WEIR_SOURCES_EBPF_TESTING_FAKE_KERNEL_H_

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/flow_kernel/flow_kernel.h"
#include "sources/ebpf/interfaces/link_feed.h"

namespace weir::ebpf {

// The state that a test and the sources' FlowKernel share. Thread-safe.
struct FakeWorld {
  using Hook = std::pair<std::string, uint8_t>;  // interface name, direction

  std::mutex mutex;
  KernelOptions options;
  int loads = 0;
  std::vector<Flow> tables[2];
  int active = 0;
  std::deque<Flow> ring;
  sdk::UniqueFd ring_event{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};  // readable: ring has packets
  int ring_reads = 0;
  DatapathCounters counters{};
  int counter_reads = 0;
  std::set<Hook> attached;
  std::map<Hook, uint16_t> hardware_types;  // of the last attachment
  int abandoned = 0;
  bool persists = false;
  std::set<Hook> kept;                               // still attached, but released
  int leftovers_detached = 0;                        // calls
  AttachOptions attach_options;                      // of the last attachment
  std::map<std::string, sdk::Status> attach_errors;  // by interface name
  std::map<std::string, std::string> attach_warnings;
  sdk::Status flip_error;
  std::function<void()> on_end_counting;  // called with `mutex` held: packets in flight
  sdk::Status end_counting_error;
  bool ended = false;

  void Insert(const Flow& flow) {
    const std::lock_guard<std::mutex> lock(mutex);
    tables[active].push_back(flow);
  }
  void Overflow(const Flow& packet) {
    const std::lock_guard<std::mutex> lock(mutex);
    ring.push_back(packet);
    (void)eventfd_write(ring_event.get(), 1);
  }
  std::set<Hook> Attached() {
    const std::lock_guard<std::mutex> lock(mutex);
    return attached;
  }
};

class FakeAttachment : public Attachment {
 public:
  FakeAttachment(FakeWorld* world, FakeWorld::Hook hook, std::string warning)
      : Attachment(std::move(warning)), world_(world), hook_(std::move(hook)) {}
  ~FakeAttachment() override { (void)Detach(); }

  sdk::Status Detach() override {
    const std::lock_guard<std::mutex> lock(world_->mutex);
    if (!std::exchange(held_, false)) return sdk::OkStatus();
    world_->attached.erase(hook_);
    return sdk::OkStatus();
  }
  void Keep() override {
    const std::lock_guard<std::mutex> lock(world_->mutex);
    if (!std::exchange(held_, false)) return;
    world_->kept.insert(hook_);
  }
  void Abandon() override {
    const std::lock_guard<std::mutex> lock(world_->mutex);
    if (!std::exchange(held_, false)) return;
    world_->attached.erase(hook_);
    ++world_->abandoned;
  }
  bool IsInPlace() override {
    const std::lock_guard<std::mutex> lock(world_->mutex);
    return held_ && world_->attached.count(hook_) != 0;
  }

 private:
  FakeWorld* const world_;
  const FakeWorld::Hook hook_;
  bool held_ = true;
};

class FakeKernel : public FlowKernel {
 public:
  explicit FakeKernel(FakeWorld* world, std::string prefix = "")
      : world_(world), prefix_(std::move(prefix)) {}

  sdk::Result<std::unique_ptr<Attachment>> Attach(const sdk::Link& link, uint8_t direction,
                                                  const AttachOptions& options) override {
    const std::lock_guard<std::mutex> lock(world_->mutex);
    world_->attach_options = options;
    const auto error = world_->attach_errors.find(link.name);
    if (error != world_->attach_errors.end()) return error->second;
    const auto warning = world_->attach_warnings.find(link.name);
    FakeWorld::Hook hook(prefix_ + link.name, direction);
    world_->attached.insert(hook);
    world_->hardware_types[hook] = link.hardware_type;
    return std::unique_ptr<Attachment>(std::make_unique<FakeAttachment>(
        world_, std::move(hook), warning == world_->attach_warnings.end() ? "" : warning->second));
  }
  // Returns a kernel like this one. Its hooks have "NUMBER:" before the interface.
  std::unique_ptr<ProgramAttacher> ForNamespace(uint32_t namespace_id,
                                                const sdk::Stage& /*stage*/) override {
    return std::make_unique<FakeKernel>(world_, std::to_string(namespace_id) + ":");
  }
  sdk::Status Flip() override {
    const std::lock_guard<std::mutex> lock(world_->mutex);
    if (!world_->flip_error.ok()) return world_->flip_error;
    world_->active = 1 - world_->active;
    return sdk::OkStatus();
  }
  sdk::Status EndCounting() override {
    const std::lock_guard<std::mutex> lock(world_->mutex);
    if (!world_->end_counting_error.ok()) return world_->end_counting_error;
    if (world_->on_end_counting) world_->on_end_counting();
    world_->ended = true;
    return sdk::OkStatus();
  }
  sdk::Status Drain(const OnFlow& on_flow) override {
    std::vector<Flow> flows;
    {
      const std::lock_guard<std::mutex> lock(world_->mutex);
      flows.swap(world_->tables[1 - world_->active]);
    }
    for (const Flow& flow : flows) on_flow(flow);
    return sdk::OkStatus();
  }
  sdk::Status Read(const OnFlow& on_flow) override {
    std::vector<Flow> flows;
    {
      const std::lock_guard<std::mutex> lock(world_->mutex);
      flows = world_->tables[1 - world_->active];
    }
    for (const Flow& flow : flows) on_flow(flow);
    return sdk::OkStatus();
  }
  sdk::Status Clear() override {
    const std::lock_guard<std::mutex> lock(world_->mutex);
    world_->tables[1 - world_->active].clear();
    return sdk::OkStatus();
  }
  bool Persists() const override { return world_->persists; }
  sdk::Status DetachLeftovers() override {
    const std::lock_guard<std::mutex> lock(world_->mutex);
    ++world_->leftovers_detached;
    return sdk::OkStatus();
  }
  sdk::Result<DatapathCounters> Counters() override {
    const std::lock_guard<std::mutex> lock(world_->mutex);
    ++world_->counter_reads;
    return world_->counters;
  }
  int overflow_fd() const override { return world_->ring_event.get(); }
  sdk::Result<size_t> ReadOverflow(size_t limit, const OnFlow& on_packet) override {
    size_t count = 0;
    {
      const std::lock_guard<std::mutex> lock(world_->mutex);
      ++world_->ring_reads;
      eventfd_t ignored = 0;
      (void)eventfd_read(world_->ring_event.get(), &ignored);
    }
    for (; count < limit; ++count) {
      Flow packet;
      {
        const std::lock_guard<std::mutex> lock(world_->mutex);
        if (world_->ring.empty()) break;
        packet = world_->ring.front();
        world_->ring.pop_front();
      }
      on_packet(packet);
    }
    return count;
  }

 private:
  FakeWorld* const world_;
  const std::string prefix_;
};

inline KernelLoader FakeLoader(FakeWorld* world) {
  return [world](const KernelOptions& options,
                 const sdk::Stage&) -> sdk::Result<std::unique_ptr<FlowKernel>> {
    const std::lock_guard<std::mutex> lock(world->mutex);
    ++world->loads;
    world->options = options;
    return std::unique_ptr<FlowKernel>(std::make_unique<FakeKernel>(world));
  };
}

// The interfaces of a test. Thread-safe; must outlive its feeds.
class FakeLinks {
 public:
  FakeLinks() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  void Present(uint32_t if_index, const std::string& name, uint16_t hardware_type = 1) {
    Present({if_index, name, hardware_type, true, std::nullopt});
  }
  void Present(const sdk::Link& link) {
    Push([link](const LinkEvents& events) { events.on_present(link); });
  }
  void Gone(uint32_t if_index, const std::string& name) {
    Gone({if_index, name, /*hardware_type=*/1, false, std::nullopt});
  }
  void Gone(const sdk::Link& link) {
    Push([link](const LinkEvents& events) { events.on_gone(link); });
  }
  // Sets the result of ReadCounters for an interface. All others are gone.
  void SetCounters(uint32_t if_index, const sdk::LinkCounters& counters) {
    const std::lock_guard<std::mutex> lock(mutex_);
    counters_[if_index] = counters;
  }
  void Addresses(const std::vector<InterfaceAddress>& all) {
    Push([all](const LinkEvents& events) { events.on_addresses(all); });
  }
  LinkFeedOpener Opener() {
    return [this](bool /*with_addresses*/) -> sdk::Result<std::unique_ptr<LinkFeed>> {
      return std::unique_ptr<LinkFeed>(std::make_unique<Feed>(this));
    };
  }

 private:
  using Event = std::function<void(const LinkEvents&)>;
  class Feed : public LinkFeed {
   public:
    explicit Feed(FakeLinks* links) : links_(links) {}
    int fd() const override { return links_->event_.get(); }
    sdk::Status ReadInitial(const LinkEvents& events) override { return Read(events); }
    sdk::Status Read(const LinkEvents& events) override {
      for (const Event& event : links_->TakeAll()) event(events);
      return sdk::OkStatus();
    }
    sdk::Result<sdk::LinkCounters> ReadCounters(uint32_t if_index) override {
      const std::lock_guard<std::mutex> lock(links_->mutex_);
      const auto known = links_->counters_.find(if_index);
      if (known == links_->counters_.end()) return sdk::Status(WEIR_NOT_FOUND, "gone");
      return sdk::LinkCounters(known->second);
    }

   private:
    FakeLinks* const links_;
  };

  void Push(Event event) {
    const std::lock_guard<std::mutex> lock(mutex_);
    events_.push_back(std::move(event));
    const uint64_t one = 1;
    (void)!write(event_.get(), &one, sizeof(one));
  }
  std::vector<Event> TakeAll() {
    const std::lock_guard<std::mutex> lock(mutex_);
    uint64_t count = 0;
    (void)!read(event_.get(), &count, sizeof(count));
    return std::exchange(events_, {});
  }

  sdk::UniqueFd event_;
  std::mutex mutex_;
  std::vector<Event> events_;
  std::map<uint32_t, sdk::LinkCounters> counters_;  // by if_index
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TESTING_FAKE_KERNEL_H_
