// SPDX-License-Identifier: Apache-2.0
// Reads the IP addresses of the interfaces of one network namespace by netlink. A change message of
// the kernel only tells that there was a change: all addresses are then read again, so none can be
// missed. Needs no privilege.
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
  IpAddr address;  // the interface's own, not the one of the other end
};

// Adds the address in the body of an RTM_NEWADDR message. `size` is the number of bytes after the
// header. Adds nothing if the message is malformed or has no address.
void ParseAddress(const uint8_t* body, size_t size, std::vector<InterfaceAddress>* addresses);

// For one thread at a time.
class AddressFeed {
 public:
  using Callback = std::function<void(const std::vector<InterfaceAddress>& all)>;

  // Opens the feed of the calling thread's network namespace. Other threads may use it then.
  static sdk::Result<std::unique_ptr<AddressFeed>> Open();
  // Uses sockets that a test has made instead of the kernel's.
  static sdk::Result<std::unique_ptr<AddressFeed>> Over(sdk::UniqueFd changes,
                                                        sdk::UniqueFd questions);

  // Readable when Read has something to do.
  int fd() const { return both_.get(); }
  // The socket of the kernel's change messages, for tests.
  int changes_fd() const { return changes_.get(); }

  // Hands over all current addresses once the kernel has answered, if there was a change since the
  // last answer, and always the first time. Does not wait for the answer.
  sdk::Status Read(const Callback& on_addresses);
  // As Read, but waits for the first answer. Returns DEADLINE_EXCEEDED after `timeout`.
  sdk::Status ReadInitial(const Callback& on_addresses,
                          std::chrono::milliseconds timeout = std::chrono::seconds(5));

 private:
  AddressFeed() = default;
  sdk::Status OpenSockets();
  sdk::Status WatchSockets();
  // Reads all change messages.
  sdk::Status TakeChanges();
  sdk::Status Ask();
  // Reads the available part of the answer. Sets *done at its end.
  sdk::Status ReadAnswer(bool* done);
  // Parses one datagram of the answer.
  sdk::Status Parse(size_t size, bool* done);

  sdk::UniqueFd changes_;
  sdk::UniqueFd questions_;
  sdk::UniqueFd both_;  // epoll
  bool changed_ = true;
  bool asked_ = false;     // asked, and the answer has not ended
  bool answered_ = false;  // at least once
  // The present answer: its addresses so far, and whether there was a change in the meantime, so
  // that some addresses may be missing.
  std::vector<InterfaceAddress> addresses_;
  bool interrupted_ = false;
  int attempts_ = 0;  // interrupted answers in a row
  uint32_t sequence_ = 0;
  std::vector<uint8_t> buffer_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_INTERFACES_ADDRESS_FEED_H_
