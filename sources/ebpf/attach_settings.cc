// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/attach_settings.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace weir::ebpf {

namespace {

using sources::EbpfMap;

constexpr uint32_t kLastPriority = 65535;

sdk::Status Invalid(const std::string& message) { return {WEIR_INVALID_ARGUMENT, message}; }

AttachMode ModeOf(EbpfMap::Attach attach) {
  switch (attach) {
    case EbpfMap::TCX:
      return AttachMode::kTcx;
    case EbpfMap::CLSACT:
      return AttachMode::kClsact;
    case EbpfMap::AUTO:
      break;
  }
  return AttachMode::kAuto;
}

TcxAnchor::Place PlaceOf(EbpfMap::TcxAnchor anchor) {
  switch (anchor) {
    case EbpfMap::TAIL:
      return TcxAnchor::Place::kTail;
    case EbpfMap::BEFORE:
      return TcxAnchor::Place::kBefore;
    case EbpfMap::AFTER:
      return TcxAnchor::Place::kAfter;
    case EbpfMap::HEAD:
      break;
  }
  return TcxAnchor::Place::kHead;
}

sdk::Status CheckFieldsFitMode(const EbpfMap& config) {
  if (config.attach() == EbpfMap::CLSACT) {
    if (config.has_tcx_anchor()) return Invalid("tcx_anchor: has no effect with attach: CLSACT");
    if (config.has_tcx_anchor_program()) {
      return Invalid("tcx_anchor_program: has no effect with attach: CLSACT");
    }
  }
  if (config.attach() == EbpfMap::TCX) {
    if (config.clsact_priority() != 0) {
      return Invalid("clsact_priority: has no effect with attach: TCX");
    }
    if (config.clsact_handle() != 0) {
      return Invalid("clsact_handle: has no effect with attach: TCX");
    }
  }
  return sdk::OkStatus();
}

sdk::Result<TcxAnchor> AnchorOf(const EbpfMap& config) {
  TcxAnchor anchor;
  anchor.place = PlaceOf(config.tcx_anchor());
  const bool relative =
      anchor.place == TcxAnchor::Place::kBefore || anchor.place == TcxAnchor::Place::kAfter;
  const std::string& program = config.tcx_anchor_program();
  if (relative && program.empty()) {
    return Invalid(absl::StrCat("tcx_anchor: ", EbpfMap::TcxAnchor_Name(config.tcx_anchor()),
                                " needs a tcx_anchor_program"));
  }
  if (!relative && config.has_tcx_anchor_program()) {
    return Invalid("tcx_anchor_program: only valid with tcx_anchor: BEFORE or AFTER");
  }
  if (!std::all_of(program.begin(), program.end(), absl::ascii_isdigit)) {
    anchor.program_name = program;
  } else if (!program.empty() &&
             (!absl::SimpleAtoi(program, &anchor.program_id) || anchor.program_id == 0)) {
    return Invalid(absl::StrCat("tcx_anchor_program: ", program, " is not a program id"));
  }
  return anchor;
}

}  // namespace

sdk::Result<AttachOptions> AttachOptionsOf(const EbpfMap& config) {
  if (const sdk::Status status = CheckFieldsFitMode(config); !status.ok()) return status;
  if (config.clsact_priority() > kLastPriority) {
    return Invalid(absl::StrCat("clsact_priority: must be at most ", kLastPriority));
  }
  sdk::Result<TcxAnchor> anchor = AnchorOf(config);
  if (!anchor.ok()) return anchor.status();
  AttachOptions options;
  options.mode = ModeOf(config.attach());
  options.tcx_anchor = *std::move(anchor);
  options.clsact_priority = static_cast<uint16_t>(config.clsact_priority());
  options.clsact_handle = config.clsact_handle();
  return options;
}

}  // namespace weir::ebpf
