// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/datapath.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "plugins/sdk/errno_status.h"

namespace weir::ebpf {

namespace {

void Remove(const std::string& stage, std::vector<std::string>* stages) {
  const auto found = std::find(stages->begin(), stages->end(), stage);
  if (found != stages->end()) stages->erase(found);
}

sdk::Status TooMany(const std::string& name, const char* type,
                    const std::vector<std::string>& stages) {
  return {WEIR_INVALID_ARGUMENT,
          absl::StrCat("datapath '", name, "' has ", stages.size(), " stages of type ", type, " ('",
                       absl::StrJoin(stages, "', '"), "'): give each its own `datapath` name")};
}

}  // namespace

void Datapath::AddMap(const std::string& stage, const KernelOptions& options, KernelLoader loader) {
  map_stages_.push_back(stage);
  const uint32_t ring_bytes = options_.ring_bytes;
  options_ = options;
  options_.ring_bytes = ring_bytes;
  loader_ = std::move(loader);
}

void Datapath::RemoveMap(const std::string& stage) { Remove(stage, &map_stages_); }

void Datapath::AddRing(const std::string& stage, uint32_t ring_bytes) {
  ring_stages_.push_back(stage);
  options_.ring_bytes = ring_bytes;
}

void Datapath::RemoveRing(const std::string& stage) {
  Remove(stage, &ring_stages_);
  if (ring_stages_.empty()) options_.ring_bytes = 0;
}

sdk::Status Datapath::CheckCounts(const std::string& name) const {
  if (map_stages_.size() > 1) return TooMany(name, "ebpf_map", map_stages_);
  if (ring_stages_.size() > 1) return TooMany(name, "ebpf_ringbuf", ring_stages_);
  return sdk::OkStatus();
}

sdk::Status Datapath::CheckStages(const std::string& name) const {
  if (map_stages_.empty()) {
    return {WEIR_INVALID_ARGUMENT,
            absl::StrCat("datapath '", name,
                         "' has no stage of type ebpf_map: add one, or remove this ebpf_ringbuf")};
  }
  return CheckCounts(name);
}

sdk::Status Datapath::Load(const std::string& name, const sdk::Stage& stage) {
  sdk::Status status = CheckStages(name);
  if (!status.ok() || kernel_ != nullptr) return status;
  if (status = detachment_.Open(); !status.ok()) return status;
  sdk::Result<std::unique_ptr<FlowKernel>> loaded = loader_(options_, stage);
  if (!loaded.ok()) return loaded.status();
  kernel_ = *std::move(loaded);
  detached_.store(false);
  return status;
}

sdk::Status Datapath::TryToLoad(const sdk::Stage& stage) const {
  KernelOptions options = options_;
  options.max_flows = 1;
  options.pin_path.clear();
  options.ring_bytes = std::min<uint32_t>(options.ring_bytes, 1);
  return loader_(options, stage).status();
}

sdk::Result<FlowKernel*> Datapath::Acquire(const std::string& name, const sdk::Stage& stage) {
  sdk::Status status = Load(name, stage);
  if (!status.ok()) return status;
  ++users_;
  return kernel_.get();
}

void Datapath::Release() {
  if (--users_ == 0) kernel_.reset();
}

void Datapath::MarkDetached(const sdk::Stage& stage) {
  detached_.store(true);
  if (const sdk::Status status = detachment_.Notify(); !status.ok()) {
    stage.Log(WEIR_LOG_ERROR, status.message());
  }
}

sdk::Status Datapath::WaitDetached(int fd, absl::Duration timeout, bool* detached) {
  const timespec time = absl::ToTimespec(timeout);
  pollfd events[] = {{detachment_.fd(), POLLIN, 0}, {fd, POLLIN, 0}};
  if (ppoll(events, std::size(events), &time, nullptr) < 0 && errno != EINTR) {
    return sdk::ErrnoStatus("wait for packets of the overflow ring", errno);
  }
  *detached = detached_.load();
  return sdk::OkStatus();
}

}  // namespace weir::ebpf
