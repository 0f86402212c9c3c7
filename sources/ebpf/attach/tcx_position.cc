// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/attach/tcx_position.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bpf/flow.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/kernel/libbpf_options.h"
#include "sources/ebpf/kernel/load_error.h"

namespace weir::ebpf {

namespace {

using Place = TcxAnchor::Place;

// The most programs that the kernel attaches to one hook (BPF_MPROG_MAX).
constexpr uint32_t kMostPrograms = 64;

// A program in the chain. link_id 0: it is attached without a link.
struct Entry {
  uint32_t program_id;
  uint32_t link_id;
};

// Returns an errno. The entries are in the order of the chain.
int QueryChain(uint32_t if_index, uint8_t direction, std::vector<Entry>* chain) {
  uint32_t programs[kMostPrograms] = {};
  uint32_t links[kMostPrograms] = {};
  LibbpfOptions<struct bpf_prog_query_opts> query;
  query->prog_ids = programs;
  query->link_ids = links;
  query->prog_cnt = kMostPrograms;
  const bpf_attach_type hook =
      direction == WEIR_DIRECTION_INGRESS ? BPF_TCX_INGRESS : BPF_TCX_EGRESS;
  const int error = -bpf_prog_query_opts(static_cast<int>(if_index), hook, query.get());
  if (error != 0) return error;
  for (uint32_t i = 0; i < query->prog_cnt; ++i) chain->push_back({programs[i], links[i]});
  return 0;
}

// Returns whether the program with that id has that name, of which the kernel keeps the beginning.
// A program that has just been unloaded does not.
sdk::Result<bool> HasName(uint32_t id, std::string_view name) {
  const int opened = bpf_prog_get_fd_by_id(id);
  if (opened == -ENOENT) return false;
  if (opened == -EPERM) {
    return sdk::Status(WEIR_PERMISSION_DENIED,
                       "not permitted: finding a program by its name needs CAP_SYS_ADMIN: give "
                       "its id instead");
  }
  if (opened < 0) return sdk::ErrnoStatus(absl::StrCat("open program ", id), -opened);
  const sdk::UniqueFd program(opened);
  bpf_prog_info info;
  std::memset(&info, 0, sizeof(info));
  uint32_t size = sizeof(info);
  const int error = -bpf_prog_get_info_by_fd(program.get(), &info, &size);
  if (error != 0) return sdk::ErrnoStatus(absl::StrCat("inspect program ", id), error);
  return name.substr(0, BPF_OBJ_NAME_LEN - 1) ==
         std::string_view(info.name, strnlen(info.name, BPF_OBJ_NAME_LEN));
}

sdk::Result<bool> IsMeant(const TcxAnchor& anchor, uint32_t program_id) {
  if (anchor.program_id != 0) return anchor.program_id == program_id;
  return HasName(program_id, anchor.program_name);
}

// Returns the flags for the side of `anchor`, without its program.
uint32_t SideOf(Place place) {
  return place == Place::kHead || place == Place::kBefore ? BPF_F_BEFORE : BPF_F_AFTER;
}

}  // namespace

std::string TcxContext(const sdk::Link& link, uint8_t direction) {
  return absl::StrCat("interface '", link.name, "': attach tcx/",
                      direction == WEIR_DIRECTION_INGRESS ? "ingress" : "egress");
}

sdk::Status NoTcx(const sdk::Link& link) {
  return {WEIR_UNIMPLEMENTED,
          absl::StrCat("interface '", link.name,
                       "': attach tcx: this kernel has no TCX (6.6 and later)")};
}

TcxPosition TcxPositionWithoutAnchor(const TcxAnchor& anchor, const sdk::Link& link,
                                     uint8_t direction) {
  TcxPosition position;
  position.flags = SideOf(anchor.place);
  if (anchor.place == Place::kHead || anchor.place == Place::kTail) return position;
  const std::string program = anchor.program_id != 0 ? absl::StrCat(anchor.program_id)
                                                     : absl::StrCat("'", anchor.program_name, "'");
  position.warning = absl::StrCat(TcxContext(link, direction), ": program ", program,
                                  " (tcx_anchor_program) is not attached: ",
                                  position.flags == BPF_F_BEFORE ? "weir's is before all others"
                                                                 : "weir's is after all others");
  return position;
}

sdk::Result<TcxPosition> FindTcxPosition(const TcxAnchor& anchor, const sdk::Link& link,
                                         uint8_t direction) {
  TcxPosition position = TcxPositionWithoutAnchor(anchor, link, direction);
  if (position.warning.empty()) return position;
  std::vector<Entry> chain;
  const int error = QueryChain(link.if_index, direction, &chain);
  if (MayMeanNotSupported(error)) return NoTcx(link);
  if (error != 0) return KernelRefusal(TcxContext(link, direction), error);
  for (const Entry& entry : chain) {
    sdk::Result<bool> meant = IsMeant(anchor, entry.program_id);
    if (!meant.ok()) {
      return sdk::Status(meant.status().code(),
                         absl::StrCat(TcxContext(link, direction), ": ", meant.status().message()));
    }
    if (!*meant) continue;
    // A program that is attached by a link must be named by its link.
    const bool by_link = entry.link_id != 0;
    position.flags = SideOf(anchor.place) | BPF_F_ID | (by_link ? BPF_F_LINK : 0);
    position.relative_id = by_link ? entry.link_id : entry.program_id;
    position.warning.clear();
    if (anchor.place == Place::kBefore) break;
  }
  return position;
}

}  // namespace weir::ebpf
