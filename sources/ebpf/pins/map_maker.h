// SPDX-License-Identifier: Apache-2.0
// Makes maps, or takes over the pinned maps of an earlier run.
#ifndef WEIR_SOURCES_EBPF_PINS_MAP_MAKER_H_
#define WEIR_SOURCES_EBPF_PINS_MAP_MAKER_H_

#include <string>

#include "plugins/sdk/status.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/kernel/map_create.h"
#include "sources/ebpf/pins/pin_folder.h"

namespace weir::ebpf {

// Makes maps or takes them over. Immutable; for one thread at a time.
class MapMaker {
 public:
  // Makes new maps.
  MapMaker() = default;
  // With `take_over`, takes the maps that are pinned in `pins`, which must exist. Otherwise makes
  // new maps and pins them. Does not own `pins`.
  MapMaker(const PinFolder* pins, bool take_over) : pins_(pins), take_over_(take_over) {}

  // True if the maps keep their contents.
  bool takes_over() const { return take_over_; }

  // As CreateMap. Returns FAILED_PRECONDITION if a different map is pinned under that name.
  sdk::Result<sdk::UniqueFd> Make(const MapShape& shape, const std::string& what) const;

 private:
  sdk::Result<sdk::UniqueFd> TakeOver(const MapShape& shape) const;

  const PinFolder* pins_ = nullptr;
  bool take_over_ = false;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_PINS_MAP_MAKER_H_
