// SPDX-License-Identifier: Apache-2.0
// How programs are attached, and their position among other programs, as configured.
#ifndef WEIR_SOURCES_EBPF_ATTACH_ATTACH_OPTIONS_H_
#define WEIR_SOURCES_EBPF_ATTACH_ATTACH_OPTIONS_H_

#include <cstdint>
#include <string>

namespace weir::ebpf {

enum class AttachMode { kAuto, kTcx, kClsact };

// A position in the chain of programs of a TCX hook.
struct TcxAnchor {
  enum class Place { kHead, kTail, kBefore, kAfter };

  Place place = Place::kHead;
  // The program for kBefore and kAfter: its id or, if that is 0, its name.
  uint32_t program_id = 0;
  std::string program_name;
};

// A value type; any thread.
struct AttachOptions {
  AttachMode mode = AttachMode::kAuto;
  TcxAnchor tcx_anchor;  // for TCX
  // For clsact.
  uint16_t clsact_priority = 0;  // 0: the first, or one that the kernel chooses
  uint32_t clsact_handle = 0;    // 0: the kernel chooses
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_ATTACH_ATTACH_OPTIONS_H_
