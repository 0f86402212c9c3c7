// SPDX-License-Identifier: Apache-2.0
// Makes maps, or takes over the pinned ones of a former run.
#ifndef WEIR_SOURCES_EBPF_PINS_MAP_MAKER_H_
#define WEIR_SOURCES_EBPF_PINS_MAP_MAKER_H_

#include <string>

#include "plugins/sdk/status.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/kernel/map_create.h"
#include "sources/ebpf/pins/pin_folder.h"

namespace weir::ebpf {

// Where maps come from. Immutable; one thread at a time.
class MapMaker {
 public:
  // Makes each anew.
  MapMaker() = default;
  // With `take_over` takes those that are pinned in `pins`, which have to be there; else
  // makes each anew and pins it. Not owned.
  MapMaker(const PinFolder* pins, bool take_over) : pins_(pins), take_over_(take_over) {}

  // Maps come with what they had in them.
  bool takes_over() const { return take_over_; }

  // As CreateMap. FAILED_PRECONDITION if another map is pinned under that name.
  sdk::Result<sdk::UniqueFd> Make(const MapShape& shape, const std::string& what) const;

 private:
  sdk::Result<sdk::UniqueFd> TakeOver(const MapShape& shape) const;

  const PinFolder* pins_ = nullptr;
  bool take_over_ = false;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_PINS_MAP_MAKER_H_
