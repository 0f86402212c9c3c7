// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/pins/map_maker.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "plugins/sdk/errno_status.h"

namespace weir::ebpf {

sdk::Result<sdk::UniqueFd> MapMaker::Make(const MapShape& shape, const std::string& what) const {
  if (take_over_) return TakeOver(shape);
  sdk::Result<sdk::UniqueFd> map = CreateMap(shape, what);
  if (!map.ok() || pins_ == nullptr) return map;
  const sdk::Status pinned = pins_->Pin(map->get(), shape.name);
  if (!pinned.ok()) return pinned;
  return map;
}

sdk::Result<sdk::UniqueFd> MapMaker::TakeOver(const MapShape& shape) const {
  sdk::Result<sdk::UniqueFd> map = pins_->Get(shape.name);
  if (!map.ok()) return map.status();
  bpf_map_info info{};
  uint32_t size = sizeof(info);
  const int error = -bpf_map_get_info_by_fd(map->get(), &info, &size);
  if (error != 0) {
    return sdk::ErrnoStatus(absl::StrCat("inspect ", pins_->PathOf(shape.name)), error);
  }
  // Flags are not compared: the kernel adds some of its own.
  if (info.type != shape.type || info.key_size != shape.key_size ||
      info.value_size != shape.value_size || info.max_entries != shape.max_entries) {
    return sdk::Status(WEIR_FAILED_PRECONDITION,
                       absl::StrCat("pin_path ", pins_->path(), ": ", shape.name,
                                    " there is not the map that the rest of it belongs to"));
  }
  return map;
}

}  // namespace weir::ebpf
