// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/attach/clsact_qdisc.h"

#include <bpf/libbpf.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/kernel/libbpf_options.h"

namespace weir::ebpf {

namespace {

constexpr size_t kReplyBytes = 32 * 1024;

// Both sides of an interface.
void SetHook(uint32_t if_index, bpf_tc_hook* hook) {
  hook->ifindex = static_cast<int>(if_index);
  hook->attach_point = static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS);
}

sdk::Status AskForFilters(int fd, uint32_t if_index, uint32_t parent) {
  struct {
    nlmsghdr header;
    tcmsg filter;
  } request{};
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = RTM_GETTFILTER;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.filter.tcm_family = AF_UNSPEC;
  request.filter.tcm_ifindex = static_cast<int>(if_index);
  request.filter.tcm_parent = parent;
  if (send(fd, &request, sizeof(request), 0) != sizeof(request)) {
    return sdk::ErrnoStatus("list filters of clsact: send", errno);
  }
  return sdk::OkStatus();
}

// Reads the answer to the end; whether it has a filter.
sdk::Result<bool> ReadFilters(int fd) {
  bool found = false;
  alignas(nlmsghdr) char reply[kReplyBytes];
  for (;;) {
    const ssize_t size = recv(fd, reply, sizeof(reply), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return sdk::ErrnoStatus("list filters of clsact: receive", errno);
    int left = static_cast<int>(size);
    for (auto* header = reinterpret_cast<const nlmsghdr*>(reply);
         NLMSG_OK(header, static_cast<unsigned>(left)); header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_type == NLMSG_DONE) return found;
      if (header->nlmsg_type == NLMSG_ERROR) {
        int32_t error = 0;
        std::memcpy(&error, NLMSG_DATA(header), sizeof(error));
        return sdk::ErrnoStatus("list filters of clsact", -error);
      }
      if (header->nlmsg_type == RTM_NEWTFILTER) found = true;
    }
  }
}

sdk::Result<bool> HasFilters(uint32_t if_index, uint32_t parent) {
  const sdk::UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (fd.get() < 0) return sdk::ErrnoStatus("list filters of clsact: open socket", errno);
  const sdk::Status asked = AskForFilters(fd.get(), if_index, parent);
  if (!asked.ok()) return asked;
  return ReadFilters(fd.get());
}

}  // namespace

sdk::Result<std::shared_ptr<ClsactQdisc>> ClsactQdisc::Ensure(uint32_t if_index) {
  LibbpfOptions<bpf_tc_hook> hook;
  SetHook(if_index, hook.get());
  const int error = -bpf_tc_hook_create(hook.get());
  if (error != 0 && error != EEXIST) return sdk::ErrnoStatus("add qdisc clsact", error);
  return std::shared_ptr<ClsactQdisc>(new ClsactQdisc(if_index, error == 0));
}

sdk::Status ClsactQdisc::RemoveIfOursAndEmpty() {
  if (!created_) return sdk::OkStatus();
  created_ = false;
  for (const uint32_t side : {TC_H_MIN_INGRESS, TC_H_MIN_EGRESS}) {
    sdk::Result<bool> others = HasFilters(if_index_, TC_H_MAKE(TC_H_CLSACT, side));
    if (!others.ok()) return others.status();
    if (*others) return sdk::OkStatus();
  }
  LibbpfOptions<bpf_tc_hook> hook;
  SetHook(if_index_, hook.get());
  const int error = -bpf_tc_hook_destroy(hook.get());
  return error == 0 ? sdk::OkStatus() : sdk::ErrnoStatus("remove qdisc clsact", error);
}

sdk::Result<std::shared_ptr<ClsactQdisc>> ClsactQdiscs::Of(uint32_t if_index) {
  const auto known = known_.find(if_index);
  if (known != known_.end()) {
    if (std::shared_ptr<ClsactQdisc> qdisc = known->second.lock()) return qdisc;
  }
  sdk::Result<std::shared_ptr<ClsactQdisc>> made = ClsactQdisc::Ensure(if_index);
  if (!made.ok()) return made;
  if (known_.size() >= forget_at_) ForgetUnused();
  known_[if_index] = *made;
  return made;
}

// Interfaces come and go, with new indexes each time.
void ClsactQdiscs::ForgetUnused() {
  for (auto known = known_.begin(); known != known_.end();) {
    known = known->second.expired() ? known_.erase(known) : std::next(known);
  }
  forget_at_ = std::max(kSmall, 2 * known_.size());
}

}  // namespace weir::ebpf
