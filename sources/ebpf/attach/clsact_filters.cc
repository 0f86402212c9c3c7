// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/attach/clsact_filters.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bpf/flow.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/netlink.h"
#include "sources/ebpf/kernel/libbpf_options.h"

namespace weir::ebpf {

namespace {

constexpr size_t kReplyBytes = 32 * 1024;
constexpr char kListContext[] = "list clsact filters";

// The names of the programs of bpf/flows.bpf.c, as the kernel shortens them.
constexpr std::string_view kProgramNames[] = {"ingress_ethern", "ingress_no_lin", "egress_etherne",
                                              "egress_no_link"};
constexpr char kCountersMap[] = "weir_counters";
constexpr size_t kMostMaps = 16;  // of one of weir's programs

void SetProgram(const uint8_t* options, size_t size, ClsactFilter* filter) {
  sdk::ForEachNetlinkAttribute(options, size,
                               [filter](int type, const uint8_t* value, size_t length) {
                                 uint32_t& id = filter->program_id;
                                 if (type == TCA_BPF_ID && length >= sizeof(id))
                                   std::memcpy(&id, value, sizeof(id));
                                 if (type == TCA_BPF_NAME) {
                                   const char* const name = reinterpret_cast<const char*>(value);
                                   filter->name.assign(name, strnlen(name, length));
                                 }
                               });
}

// Weir's filters have the names of its programs.
bool MayBeOfWeir(const ClsactFilter& filter) {
  return filter.program_id != 0 &&
         std::any_of(std::begin(kProgramNames), std::end(kProgramNames),
                     [&filter](auto one) { return absl::StartsWith(filter.name, one); });
}

void AddFilter(const sdk::NetlinkMessage& answer, std::vector<ClsactFilter>* filters) {
  tcmsg message;
  ClsactFilter filter;
  bool is_bpf = false;
  const auto on_attribute = [&](int type, const uint8_t* value, size_t size) {
    if (type == TCA_KIND) {
      const char* const kind = reinterpret_cast<const char*>(value);
      is_bpf = std::string_view(kind, strnlen(kind, size)) == "bpf";
    }
    if (type == TCA_OPTIONS && is_bpf) SetProgram(value, size, &filter);
  };
  if (!sdk::ReadNetlinkBody(answer.body, answer.size, &message, on_attribute)) return;
  filter.priority = message.tcm_info >> 16;
  filter.handle = message.tcm_handle;
  filters->push_back(std::move(filter));
}

// Reads the answer to its end.
sdk::Status ReadFilters(int fd, std::vector<ClsactFilter>* filters) {
  std::array<uint8_t, kReplyBytes> reply;
  for (;;) {
    const ssize_t received = recv(fd, reply.data(), reply.size(), 0);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return sdk::ErrnoStatus(kListContext, errno);
    const auto size = static_cast<size_t>(received);
    size_t offset = 0;
    sdk::NetlinkMessage message;
    while (sdk::NextNetlinkMessage(reply.data(), size, &offset, &message)) {
      if (message.header.nlmsg_type == NLMSG_DONE) return sdk::OkStatus();
      if (message.header.nlmsg_type == NLMSG_ERROR) {
        return sdk::ErrnoStatus(kListContext, sdk::NetlinkErrorOf(message));
      }
      if (message.header.nlmsg_type == RTM_NEWTFILTER) AddFilter(message, filters);
    }
  }
}

enum class Owner { kOthers, kWeir, kUnknown };

// Returns whether one of the program's maps is the map of weir's counters.
Owner OwnerByMaps(const uint32_t* ids, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const int opened = bpf_map_get_fd_by_id(ids[i]);
    if (opened == -EPERM) return Owner::kUnknown;
    if (opened < 0) continue;
    const sdk::UniqueFd map(opened);
    bpf_map_info info{};
    uint32_t size = sizeof(info);
    if (bpf_map_get_info_by_fd(map.get(), &info, &size) != 0) continue;
    if (std::string_view(info.name) == kCountersMap) return Owner::kWeir;
  }
  return Owner::kOthers;
}

Owner OwnerOf(uint32_t program_id) {
  const int opened = bpf_prog_get_fd_by_id(program_id);
  if (opened == -EPERM) return Owner::kUnknown;
  if (opened < 0) return Owner::kOthers;
  const sdk::UniqueFd program(opened);
  std::array<uint32_t, kMostMaps> maps{};
  bpf_prog_info info;
  std::memset(&info, 0, sizeof(info));
  info.map_ids = reinterpret_cast<uintptr_t>(maps.data());
  info.nr_map_ids = static_cast<uint32_t>(maps.size());
  uint32_t size = sizeof(info);
  if (bpf_prog_get_info_by_fd(program.get(), &info, &size) != 0) return Owner::kOthers;
  if (info.type != BPF_PROG_TYPE_SCHED_CLS) return Owner::kOthers;
  return OwnerByMaps(maps.data(), std::min<size_t>(info.nr_map_ids, maps.size()));
}

sdk::Status RemoveFilter(uint32_t if_index, uint8_t direction, const ClsactFilter& filter) {
  LibbpfOptions<bpf_tc_hook> hook;
  hook->ifindex = static_cast<int>(if_index);
  hook->attach_point = direction == WEIR_DIRECTION_INGRESS ? BPF_TC_INGRESS : BPF_TC_EGRESS;
  LibbpfOptions<bpf_tc_opts> options;
  options->handle = filter.handle;
  options->priority = filter.priority;
  const int error = -bpf_tc_detach(hook.get(), options.get());
  if (error == 0 || error == ENOENT || error == ENODEV) return sdk::OkStatus();
  return sdk::ErrnoStatus("remove a filter of an earlier run", error);
}

}  // namespace

sdk::Result<std::vector<ClsactFilter>> ListClsactFilters(uint32_t if_index, uint8_t direction) {
  sdk::Result<sdk::UniqueFd> fd = sdk::OpenNetlink(/*flags=*/0, kListContext);
  if (!fd.ok()) return fd.status();
  const uint32_t side = direction == WEIR_DIRECTION_INGRESS ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS;
  tcmsg request{};
  request.tcm_family = AF_UNSPEC;
  request.tcm_ifindex = static_cast<int>(if_index);
  request.tcm_parent = TC_H_MAKE(TC_H_CLSACT, side);
  sdk::Status status =
      sdk::SendNetlink(fd->get(), {RTM_GETTFILTER, NLM_F_DUMP}, request, kListContext);
  std::vector<ClsactFilter> filters;
  if (status.ok()) status = ReadFilters(fd->get(), &filters);
  if (!status.ok()) return status;
  return filters;
}

sdk::Result<std::shared_ptr<ProgramClaim>> ProgramClaim::Make(uint32_t program_id) {
  sdk::UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return sdk::ErrnoStatus("claim a BPF program: open socket", errno);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // A name that begins with a zero byte is in no file system.
  const std::string name = absl::StrCat("weir/program/", program_id);
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0) {
    return std::shared_ptr<ProgramClaim>(new ProgramClaim(std::move(fd)));
  }
  if (errno == EADDRINUSE) return std::shared_ptr<ProgramClaim>();
  return sdk::ErrnoStatus("claim a BPF program: bind", errno);
}

sdk::Result<std::shared_ptr<ProgramClaim>> ProgramClaims::Of(uint32_t program_id) {
  const auto known = known_.find(program_id);
  if (known != known_.end()) {
    if (std::shared_ptr<ProgramClaim> claim = known->second.lock()) return claim;
  }
  sdk::Result<std::shared_ptr<ProgramClaim>> made = ProgramClaim::Make(program_id);
  if (made.ok()) known_[program_id] = *made;
  return made;
}

bool ProgramClaims::Has(uint32_t program_id) const {
  const auto known = known_.find(program_id);
  return known != known_.end() && !known->second.expired();
}

sdk::Result<Leftovers> RemoveClsactLeftovers(uint32_t if_index, const ProgramClaims& claims) {
  Leftovers leftovers;
  for (const uint8_t direction : {WEIR_DIRECTION_INGRESS, WEIR_DIRECTION_EGRESS}) {
    sdk::Result<std::vector<ClsactFilter>> filters = ListClsactFilters(if_index, direction);
    if (!filters.ok()) return filters.status();
    for (const ClsactFilter& filter : *filters) {
      if (!MayBeOfWeir(filter) || claims.Has(filter.program_id)) continue;
      const Owner owner = OwnerOf(filter.program_id);
      if (owner == Owner::kOthers) continue;
      // Released at the end of this iteration, when the filter is gone.
      sdk::Result<std::shared_ptr<ProgramClaim>> claim = ProgramClaim::Make(filter.program_id);
      if (!claim.ok()) return claim.status();
      if (*claim == nullptr) continue;
      if (owner == Owner::kUnknown) {
        ++leftovers.unknown;
        continue;
      }
      const sdk::Status removed = RemoveFilter(if_index, direction, filter);
      if (!removed.ok()) return removed;
      ++leftovers.removed;
    }
  }
  return leftovers;
}

}  // namespace weir::ebpf
