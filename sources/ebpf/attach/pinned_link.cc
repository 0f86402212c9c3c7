// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/attach/pinned_link.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include <cerrno>
#include <memory>

#include "absl/strings/str_cat.h"
#include "bpf/flow.h"
#include "plugins/sdk/errno_status.h"

namespace weir::ebpf {

namespace {

struct CloseLink {
  void operator()(bpf_link* link) const { (void)bpf_link__destroy(link); }
};

}  // namespace

sdk::Result<bpf_link*> TakeOverPinnedLink(const std::string& path, const bpf_program* program,
                                          const sdk::Link& link, uint8_t direction) {
  std::unique_ptr<bpf_link, CloseLink> pinned(bpf_link__open(path.c_str()));
  if (pinned == nullptr) {
    if (errno == ENOENT) return nullptr;
    return sdk::ErrnoStatus(absl::StrCat("open ", path), errno);
  }
  bpf_link_info info{};
  uint32_t size = sizeof(info);
  int error = -bpf_link_get_info_by_fd(bpf_link__fd(pinned.get()), &info, &size);
  if (error != 0) return sdk::ErrnoStatus(absl::StrCat("inspect ", path), error);
  const uint32_t hook = direction == WEIR_DIRECTION_INGRESS ? BPF_TCX_INGRESS : BPF_TCX_EGRESS;
  // The index of a link without an interface is 0.
  if (info.type == BPF_LINK_TYPE_TCX && info.tcx.ifindex == link.if_index &&
      info.tcx.attach_type == hook) {
    error = -bpf_link__update_program(pinned.get(), const_cast<bpf_program*>(program));
    if (error == 0) return pinned.release();
    // ENOLINK: the interface has just gone.
    if (error != ENOLINK) return sdk::ErrnoStatus(absl::StrCat("take over ", path), error);
  }
  error = -bpf_link__unpin(pinned.get());
  if (error != 0) return sdk::ErrnoStatus(absl::StrCat("remove ", path), error);
  return nullptr;
}

}  // namespace weir::ebpf
