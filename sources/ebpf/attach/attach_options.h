// SPDX-License-Identifier: Apache-2.0
// Where among the programs of others weir's program is put, as the configuration says.
#ifndef WEIR_SOURCES_EBPF_ATTACH_ATTACH_OPTIONS_H_
#define WEIR_SOURCES_EBPF_ATTACH_ATTACH_OPTIONS_H_

#include <cstdint>
#include <string>

namespace weir::ebpf {

enum class AttachMode { kAuto, kTcx, kClsact };

// A place in the chain of programs of a TCX hook.
struct TcxAnchor {
  enum class Place { kHead, kTail, kBefore, kAfter };

  Place place = Place::kHead;
  // The program that kBefore and kAfter are about: its id, or where that is 0 its name.
  uint32_t program_id = 0;
  std::string program_name;
};

// A value; any thread.
struct AttachOptions {
  AttachMode mode = AttachMode::kAuto;
  TcxAnchor tcx_anchor;  // where it becomes TCX
  // Where it becomes clsact.
  uint16_t clsact_priority = 0;  // 0: the first place, or one that the kernel chooses
  uint32_t clsact_handle = 0;    // 0: one that the kernel chooses
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_ATTACH_ATTACH_OPTIONS_H_
