// SPDX-License-Identifier: Apache-2.0
// The IP addresses of the interfaces of one network namespace, by netlink. The kernel's
// messages of changes are only taken as a word that there was one: then all addresses are
// asked for, so that none can be missed. Needs no privilege.
#ifndef WEIR_SOURCES_EBPF_INTERFACES_ADDRESS_FEED_H_
#define WEIR_SOURCES_EBPF_INTERFACES_ADDRESS_FEED_H_

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

  // Readable when Read has something to do.
  int fd() const { return changes_.get(); }

  // Hands over all addresses that there are, if there was a change since the last call;
  // the first time in any case. Waits only for the kernel's answer.
  sdk::Status Read(const Callback& on_addresses);

 private:
  AddressFeed() = default;
  sdk::Status OpenSockets();
  // Takes all messages of changes.
  sdk::Status TakeChanges();
  sdk::Status Ask();
  // *interrupted: there was a change meanwhile, so that some may be missing.
  sdk::Status ReadAnswer(std::vector<InterfaceAddress>* addresses, bool* interrupted);
  // One datagram of the answer.
  sdk::Status Parse(size_t size, std::vector<InterfaceAddress>* addresses, bool* interrupted,
                    bool* done) const;

  sdk::UniqueFd changes_;
  sdk::UniqueFd questions_;
  bool changed_ = true;
  uint32_t sequence_ = 0;
  std::vector<uint8_t> buffer_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_INTERFACES_ADDRESS_FEED_H_
