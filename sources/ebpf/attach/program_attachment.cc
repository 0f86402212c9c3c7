// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/attach/program_attachment.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bpf/flow.h"
#include "plugins/sdk/errno_status.h"
#include "sources/ebpf/attach/pinned_link.h"
#include "sources/ebpf/attach/tcx_position.h"
#include "sources/ebpf/kernel/libbpf_options.h"
#include "sources/ebpf/kernel/load_error.h"

namespace weir::ebpf {

namespace {

// Before other filters, which the kernel numbers downwards from 49152.
constexpr uint32_t kFirstPriority = 1;
constexpr uint32_t kKernelChoosesPriority = 0;

// The context names the configured priority and handle: another filter may use them.
std::string ClsactContext(const sdk::Link& link, uint8_t direction, const AttachOptions& options) {
  std::string context = absl::StrCat("interface '", link.name, "': attach clsact/",
                                     direction == WEIR_DIRECTION_INGRESS ? "ingress" : "egress");
  if (options.clsact_priority != 0) {
    absl::StrAppend(&context, " at priority ", options.clsact_priority);
  }
  if (options.clsact_handle != 0) absl::StrAppend(&context, " with handle ", options.clsact_handle);
  return context;
}

class TcxAttachment : public Attachment {
 public:
  TcxAttachment(bpf_link* link, std::string warning)
      : Attachment(std::move(warning)), link_(link) {}
  ~TcxAttachment() override { (void)Detach(); }

  sdk::Status Detach() override {
    if (link_ == nullptr) return sdk::OkStatus();
    const sdk::Status unpinned = Unpin();
    const int error = -bpf_link__detach(link_.get());
    link_.reset();
    // ENOLINK: the interface is gone, and the program with it.
    if (error == 0 || error == ENOLINK) return unpinned;
    return sdk::ErrnoStatus("detach tcx", error);
  }
  // If the interface moved to another network namespace, the program is still on it.
  void Abandon() override {
    if (link_ != nullptr) (void)Unpin();
    link_.reset();
  }
  void Keep() override { link_.reset(); }
  bool IsInPlace() override {
    if (link_ == nullptr) return false;
    bpf_link_info info;
    std::memset(&info, 0, sizeof(info));
    uint32_t size = sizeof(info);
    const int error = -bpf_link_get_info_by_fd(bpf_link__fd(link_.get()), &info, &size);
    return error != 0 || info.tcx.ifindex != 0;  // 0: the interface is gone
  }

  // Keeps the program attached when its descriptor is closed.
  sdk::Status Pin(const std::string& path) {
    const int error = -bpf_link__pin(link_.get(), path.c_str());
    return error == 0 ? sdk::OkStatus() : sdk::ErrnoStatus(absl::StrCat("pin ", path), error);
  }

 private:
  struct Close {
    // A link without a pin has only its descriptor: closing it detaches.
    void operator()(bpf_link* link) const { (void)bpf_link__destroy(link); }
  };

  sdk::Status Unpin() {
    if (bpf_link__pin_path(link_.get()) == nullptr) return sdk::OkStatus();
    const int error = -bpf_link__unpin(link_.get());
    // Somebody may have removed the pin.
    if (error == 0 || error == ENOENT) return sdk::OkStatus();
    return sdk::ErrnoStatus("unpin tcx", error);
  }

  std::unique_ptr<bpf_link, Close> link_;
};

class ClsactAttachment : public Attachment {
 public:
  // `filter` is as bpf_tc_attach has left it.
  ClsactAttachment(std::shared_ptr<ClsactQdisc> qdisc, std::shared_ptr<ProgramClaim> claim,
                   const bpf_tc_hook& hook, const bpf_tc_opts& filter, std::string warning)
      : Attachment(std::move(warning)), qdisc_(std::move(qdisc)), claim_(std::move(claim)) {
    hook_->ifindex = hook.ifindex;
    hook_->attach_point = hook.attach_point;
    filter_->handle = filter.handle;
    filter_->priority = filter.priority;
    program_id_ = filter.prog_id;
  }
  ~ClsactAttachment() override { (void)Detach(); }

  sdk::Status Detach() override {
    if (qdisc_ == nullptr) return sdk::OkStatus();
    const bool in_place = IsInPlace();
    const std::shared_ptr<ClsactQdisc> qdisc = std::move(qdisc_);
    if (!in_place) return sdk::OkStatus();
    const int error = -bpf_tc_detach(hook_.get(), filter_.get());
    if (error == ENOENT || error == ENODEV) return sdk::OkStatus();
    if (error != 0) return sdk::ErrnoStatus("detach clsact filter", error);
    return qdisc.use_count() == 1 ? qdisc->RemoveIfOursAndEmpty() : sdk::OkStatus();
  }
  // The interface with this index may not be gone: if a second one took the index at once, the
  // filter may have been made on the second.
  void Abandon() override { (void)Detach(); }
  void Keep() override { qdisc_.reset(); }
  // The index may belong to another interface by now: only the program tells whether the filter is
  // still weir's.
  bool IsInPlace() override {
    if (qdisc_ == nullptr) return false;
    LibbpfOptions<bpf_tc_opts> there;
    there->handle = filter_->handle;
    there->priority = filter_->priority;
    return bpf_tc_query(hook_.get(), there.get()) == 0 && there->prog_id == program_id_;
  }

 private:
  std::shared_ptr<ClsactQdisc> qdisc_;  // null: detached
  std::shared_ptr<ProgramClaim> claim_;
  LibbpfOptions<bpf_tc_hook> hook_;
  LibbpfOptions<bpf_tc_opts> filter_;
  uint32_t program_id_ = 0;
};

// Returns an errno.
int LinkTcx(const bpf_program* program, const sdk::Link& link, const TcxPosition& position,
            std::unique_ptr<TcxAttachment>* attachment) {
  LibbpfOptions<bpf_tcx_opts> options;
  options->flags = position.flags;
  options->relative_id = position.relative_id;
  bpf_link* const attached =
      bpf_program__attach_tcx(program, static_cast<int>(link.if_index), options.get());
  if (attached == nullptr) return errno;
  *attachment = std::make_unique<TcxAttachment>(attached, position.warning);
  return 0;
}

// Returns UNIMPLEMENTED if this kernel has no TCX.
sdk::Result<std::unique_ptr<TcxAttachment>> AttachTcx(const bpf_program* program,
                                                      const sdk::Link& link, uint8_t direction,
                                                      const TcxAnchor& anchor) {
  sdk::Result<TcxPosition> position = FindTcxPosition(anchor, link, direction);
  if (!position.ok()) return position.status();
  std::unique_ptr<TcxAttachment> attachment;
  int error = LinkTcx(program, link, *position, &attachment);
  // The anchor's program was detached, or attached in another way, since it was found.
  if (position->relative_id != 0 && (error == ENOENT || error == EBUSY)) {
    error = LinkTcx(program, link, TcxPositionWithoutAnchor(anchor, link, direction), &attachment);
  }
  if (error == 0) return attachment;
  if (MayMeanNotSupported(error)) return NoTcx(link);
  return KernelRefusal(TcxContext(link, direction), error);
}

// Removes the filters of killed weirs. Returns a warning, or an empty string if there were none.
std::string RemoveLeftovers(const sdk::Link& link, const ProgramClaims& claims) {
  sdk::Result<Leftovers> leftovers = RemoveClsactLeftovers(link.if_index, claims);
  if (!leftovers.ok()) {
    return absl::StrCat("interface '", link.name,
                        "': filters of an earlier weir: ", leftovers.status().message());
  }
  if (leftovers->removed > 0) {
    return absl::StrCat("interface '", link.name, "': removed ", leftovers->removed,
                        " clsact filters of an earlier weir that was killed");
  }
  if (leftovers->unknown == 0) return "";
  return absl::StrCat("interface '", link.name, "': ", leftovers->unknown,
                      " clsact filters may belong to an earlier weir that was killed: removing "
                      "them needs root or CAP_SYS_ADMIN");
}

sdk::Result<std::shared_ptr<ProgramClaim>> ClaimProgram(const bpf_program* program,
                                                        ProgramClaims* claims) {
  bpf_prog_info info;
  std::memset(&info, 0, sizeof(info));
  uint32_t size = sizeof(info);
  const int error = -bpf_prog_get_info_by_fd(bpf_program__fd(program), &info, &size);
  if (error != 0) return sdk::ErrnoStatus("inspect a program of weir", error);
  return claims->Of(info.id);
}

// The priorities to try, in this order: a filter of another kind may have the first.
std::vector<uint32_t> PrioritiesOf(const AttachOptions& options) {
  if (options.clsact_priority != 0) return {options.clsact_priority};
  return {kFirstPriority, kKernelChoosesPriority};
}

// Returns an errno. 0: `filter` has the handle, the priority and the id of the program.
int AddFilter(const bpf_program* program, const AttachOptions& options, const bpf_tc_hook* hook,
              bpf_tc_opts* filter) {
  int error = 0;
  for (const uint32_t priority : PrioritiesOf(options)) {
    LibbpfOptions<bpf_tc_opts> added;
    added->prog_fd = bpf_program__fd(program);
    added->priority = priority;
    added->handle = options.clsact_handle;
    error = -bpf_tc_attach(hook, added.get());
    filter->handle = added->handle;
    filter->priority = added->priority;
    filter->prog_id = added->prog_id;
    if (error == 0 || error == EPERM || error == ENODEV) break;
  }
  return error;
}

sdk::Result<std::unique_ptr<Attachment>> AttachClsact(const bpf_program* program,
                                                      const sdk::Link& link, uint8_t direction,
                                                      const AttachOptions& options,
                                                      ClsactQdiscs* qdiscs) {
  sdk::Result<std::shared_ptr<ClsactQdisc>> qdisc = qdiscs->Of(link.if_index);
  if (!qdisc.ok()) {
    return sdk::Status(qdisc.status().code(),
                       absl::StrCat("interface '", link.name, "': ", qdisc.status().message()));
  }
  // Claim the program before the filter exists: a filter without a claim is a leftover.
  sdk::Result<std::shared_ptr<ProgramClaim>> claim = ClaimProgram(program, qdiscs->claims());
  if (!claim.ok()) {
    return sdk::Status(claim.status().code(),
                       absl::StrCat("interface '", link.name, "': ", claim.status().message()));
  }
  std::string warning = RemoveLeftovers(link, *qdiscs->claims());
  LibbpfOptions<bpf_tc_hook> hook;
  hook->ifindex = static_cast<int>(link.if_index);
  hook->attach_point = direction == WEIR_DIRECTION_INGRESS ? BPF_TC_INGRESS : BPF_TC_EGRESS;

  LibbpfOptions<bpf_tc_opts> filter;
  int error = AddFilter(program, options, hook.get(), filter.get());
  // One meaning of EINVAL: the interface has no clsact qdisc. Another interface may have taken this
  // index, or somebody has removed the qdisc.
  if (error == EINVAL && (*qdisc)->Restore()) {
    error = AddFilter(program, options, hook.get(), filter.get());
  }
  if (error == 0) {
    return std::unique_ptr<Attachment>(std::make_unique<ClsactAttachment>(
        *std::move(qdisc), *std::move(claim), *hook.get(), *filter.get(), std::move(warning)));
  }
  const sdk::Status failed = KernelRefusal(ClsactContext(link, direction, options), error);
  if (qdisc->use_count() > 1) return failed;
  const sdk::Status removed = (*qdisc)->RemoveIfOursAndEmpty();
  if (removed.ok()) return failed;
  return sdk::Status(failed.code(), absl::StrCat(failed.message(), "; ", removed.message()));
}

}  // namespace

sdk::Result<std::unique_ptr<Attachment>> AttachProgram(const bpf_program* program,
                                                       const sdk::Link& link, uint8_t direction,
                                                       const AttachOptions& options,
                                                       ClsactQdiscs* qdiscs) {
  if (options.mode != AttachMode::kClsact) {
    sdk::Result<std::unique_ptr<TcxAttachment>> attached =
        AttachTcx(program, link, direction, options.tcx_anchor);
    if (attached.ok()) {
      // An earlier weir with other settings may have left filters.
      (*attached)->AddWarning(RemoveLeftovers(link, *qdiscs->claims()));
      return std::unique_ptr<Attachment>(*std::move(attached));
    }
    const bool no_tcx = attached.status().code() == WEIR_UNIMPLEMENTED;
    if (options.mode == AttachMode::kTcx || !no_tcx) return attached.status();
  }
  return AttachClsact(program, link, direction, options, qdiscs);
}

sdk::Result<std::unique_ptr<Attachment>> AttachPinned(const bpf_program* program,
                                                      const sdk::Link& link, uint8_t direction,
                                                      const AttachOptions& options,
                                                      ClsactQdiscs* qdiscs,
                                                      const std::string& pin_path) {
  sdk::Result<bpf_link*> pinned = TakeOverPinnedLink(pin_path, program, link, direction);
  if (!pinned.ok()) {
    return sdk::Status(pinned.status().code(),
                       absl::StrCat(TcxContext(link, direction), ": ", pinned.status().message()));
  }
  if (*pinned != nullptr) {
    return std::unique_ptr<Attachment>(std::make_unique<TcxAttachment>(*pinned, ""));
  }
  sdk::Result<std::unique_ptr<TcxAttachment>> attached =
      AttachTcx(program, link, direction, options.tcx_anchor);
  if (!attached.ok()) return attached.status();
  const sdk::Status status = (*attached)->Pin(pin_path);
  if (!status.ok()) {
    return sdk::Status(status.code(),
                       absl::StrCat(TcxContext(link, direction), ": ", status.message()));
  }
  (*attached)->AddWarning(RemoveLeftovers(link, *qdiscs->claims()));
  return std::unique_ptr<Attachment>(*std::move(attached));
}

}  // namespace weir::ebpf
