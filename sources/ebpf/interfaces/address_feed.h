// SPDX-License-Identifier: Apache-2.0
// The IP addresses of the interfaces of one network namespace, by netlink. The kernel's
// messages of changes are only taken as a word that there was one: then all addresses are
// asked for, so that none can be missed. Needs no privilege.
#ifndef WEIR_SOURCES_EBPF_INTERFACES_ADDRESS_FEED_H_
#define WEIR_SOURCES_EBPF_INTERFACES_ADDRESS_FEED_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/record/ip_addr.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::ebpf {

struct InterfaceAddress {
  uint32_t if_index;
  IpAddr address;  // the interface's own, not that of the other end of a cable
};

// What a message of the kernel (RTM_NEWADDR) says, if it is one of `size` bytes behind the
// header; nothing is added otherwise.
void ParseAddress(const uint8_t* body, size_t size, std::vector<InterfaceAddress>* addresses);

// One thread at a time.
class AddressFeed {
 public:
  using Callback = std::function<void(const std::vector<InterfaceAddress>& all)>;

  // Of the network namespace of the calling thread, whatever thread it is used by.
  static sdk::Result<std::unique_ptr<AddressFeed>> Open();
  // With sockets that a test has made instead of the kernel's.
  static sdk::Result<std::unique_ptr<AddressFeed>> Over(sdk::UniqueFd changes,
                                                        sdk::UniqueFd questions);

  // Readable when Read has something to do.
  int fd() const { return both_.get(); }
  // The socket of the kernel's messages of changes, for tests.
  int changes_fd() const { return changes_.get(); }

  // Hands over all addresses that there are once the kernel has answered, if there was a change
  // since the last answer; the first time in any case. Does not wait for the answer.
  sdk::Status Read(const Callback& on_addresses);
  // As Read, and waits for the first answer: at most for `timeout`, then DEADLINE_EXCEEDED.
  sdk::Status ReadInitial(const Callback& on_addresses,
                          std::chrono::milliseconds timeout = std::chrono::seconds(5));

 private:
  AddressFeed() = default;
  sdk::Status OpenSockets();
  sdk::Status WatchSockets();
  // Takes all messages of changes.
  sdk::Status TakeChanges();
  sdk::Status Ask();
  // Takes what there is of the answer; *done: that is all of it.
  sdk::Status ReadAnswer(bool* done);
  // One datagram of the answer.
  sdk::Status Parse(size_t size, bool* done);

  sdk::UniqueFd changes_;
  sdk::UniqueFd questions_;
  sdk::UniqueFd both_;  // epoll
  bool changed_ = true;
  bool asked_ = false;     // the answer has not ended
  bool answered_ = false;  // once at least
  // Of the answer that comes now: what it has so far, and whether there was a change meanwhile, so
  // that some may be missing.
  std::vector<InterfaceAddress> addresses_;
  bool interrupted_ = false;
  int attempts_ = 0;  // answers one after the other that were interrupted
  uint32_t sequence_ = 0;
  std::vector<uint8_t> buffer_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_INTERFACES_ADDRESS_FEED_H_
