// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/pins/datapath_pins.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <cstring>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bpf/flow.h"
#include "plugins/sdk/errno_status.h"

namespace weir::ebpf {

namespace {

constexpr char kPrefix[] = "weir_";  // of all pins
constexpr char kNote[] = "weir_note";
constexpr char kLinkPrefix[] = "weir_link_";
// Larger than any note that weir writes: not ours.
constexpr uint32_t kMaxNoteBytes = 4096;

std::string_view TierName(uint32_t tier) {
  return tier == static_cast<uint32_t>(TableTier::kMapped) ? "MAPPED" : "HASH";
}

std::string_view ClockName(uint32_t clock) {
  return clock == WEIR_CLOCK_COARSE ? "COARSE" : "PRECISE";
}

template <typename Value>
std::string MadeWith(std::string_view setting, const Value& pinned, const Value& wanted) {
  return absl::StrCat("the pinned tables have ", setting, " ", pinned, ", not ", wanted);
}

}  // namespace

sdk::Status DatapathPins::Refuse(const std::string& why) const {
  return {WEIR_FAILED_PRECONDITION,
          absl::StrCat("pin_path ", folder_->path(), ": ", why, "; 'rm -r ", folder_->path(),
                       "' discards the flows in it, and weir starts with empty tables")};
}

sdk::Result<std::unique_ptr<DatapathPins>> DatapathPins::Open(const KernelOptions& options,
                                                              uint32_t ring_bytes) {
  sdk::Result<std::unique_ptr<PinFolder>> folder = PinFolder::Open(options.pin_path);
  if (!folder.ok()) return folder.status();
  std::unique_ptr<DatapathPins> pins(new DatapathPins(*std::move(folder)));
  sdk::Status status = pins->ReadNote();
  if (status.ok()) {
    status = pins->takes_over() ? pins->CheckFits(options, ring_bytes) : pins->RemoveAll();
  }
  if (!status.ok()) return status;
  return pins;
}

sdk::Status DatapathPins::Check(const KernelOptions& options, uint32_t ring_bytes) {
  sdk::Result<std::unique_ptr<PinFolder>> folder = PinFolder::Look(options.pin_path);
  if (!folder.ok() || *folder == nullptr) return folder.status();
  DatapathPins pins(*std::move(folder));
  const sdk::Status status = pins.ReadNote();
  return status.ok() && pins.takes_over() ? pins.CheckFits(options, ring_bytes) : status;
}

sdk::Status DatapathPins::ReadNote() {
  sdk::Result<sdk::UniqueFd> map = folder_->Get(kNote);
  if (map.status().code() == WEIR_NOT_FOUND) return sdk::OkStatus();
  if (!map.ok()) return map.status();
  bpf_map_info info{};
  uint32_t size = sizeof(info);
  int error = -bpf_map_get_info_by_fd(map->get(), &info, &size);
  if (error != 0) return sdk::ErrnoStatus(absl::StrCat("look at ", folder_->PathOf(kNote)), error);
  if (info.type != BPF_MAP_TYPE_ARRAY || info.value_size < sizeof(note_.version) ||
      info.value_size > kMaxNoteBytes) {
    return Refuse(absl::StrCat(kNote, " is not weir's"));
  }
  std::vector<char> value((info.value_size + 7) / 8 * 8);  // the size that the kernel writes
  const uint32_t zero = 0;
  error = -bpf_map_lookup_elem(map->get(), &zero, value.data());
  if (error != 0) return sdk::ErrnoStatus(absl::StrCat("read ", folder_->PathOf(kNote)), error);
  std::memcpy(&note_.version, value.data(), sizeof(note_.version));
  if (note_.version != WEIR_LAYOUT_VERSION || info.value_size != sizeof(note_)) {
    return Refuse(absl::StrCat("the flows there have the layout of version ", note_.version,
                               ", and this weir reads version ", WEIR_LAYOUT_VERSION));
  }
  std::memcpy(&note_, value.data(), sizeof(note_));
  note_map_ = *std::move(map);
  return sdk::OkStatus();
}

sdk::Status DatapathPins::CheckFits(const KernelOptions& options, uint32_t ring_bytes) const {
  const auto tier = static_cast<uint32_t>(options.tier);
  if (options.tier != TableTier::kAuto && note_.tier != tier) {
    return Refuse(MadeWith("flow_table", TierName(note_.tier), TierName(tier)));
  }
  if (note_.max_flows != options.max_flows) {
    return Refuse(MadeWith("cache_max_flows", note_.max_flows, options.max_flows));
  }
  if (note_.clock != static_cast<uint32_t>(options.clock)) {
    return Refuse(MadeWith("timestamps", ClockName(note_.clock), ClockName(options.clock)));
  }
  if (note_.ring_bytes != ring_bytes) {
    return Refuse(MadeWith("ring_bytes", note_.ring_bytes, ring_bytes));
  }
  return sdk::OkStatus();
}

// Removes the pins of a start that did not complete. Objects without pins end by themselves.
sdk::Status DatapathPins::RemoveAll() const {
  sdk::Result<std::vector<std::string>> names = folder_->Names();
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (!absl::StartsWith(name, kPrefix)) continue;
    const sdk::Status status = folder_->Remove(name);
    if (!status.ok()) return status;
  }
  return sdk::OkStatus();
}

sdk::Status DatapathPins::WriteNote(const PinnedNote& note) {
  const uint32_t zero = 0;
  const int error = -bpf_map_update_elem(note_map_.get(), &zero, &note, BPF_ANY);
  if (error != 0) return sdk::ErrnoStatus(absl::StrCat("write ", folder_->PathOf(kNote)), error);
  note_ = note;
  return sdk::OkStatus();
}

sdk::Status DatapathPins::Complete(const KernelOptions& options, uint32_t ring_bytes) {
  sdk::Result<sdk::UniqueFd> map =
      CreateMap({kNote, BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), sizeof(PinnedNote), 1},
                "create a map for pin_path");
  if (!map.ok()) return map.status();
  note_map_ = *std::move(map);
  PinnedNote note{};
  note.version = WEIR_LAYOUT_VERSION;
  note.tier = static_cast<uint32_t>(options.tier);
  note.clock = options.clock;
  note.max_flows = options.max_flows;
  note.ring_bytes = ring_bytes;
  const sdk::Status status = WriteNote(note);
  return status.ok() ? folder_->Pin(note_map_.get(), kNote) : status;
}

sdk::Status DatapathPins::NoteHandedOver(const TableTotals& totals) {
  PinnedNote note = note_;
  note.handed_over = 1;
  note.table_packets = totals.packets;
  note.table_bytes = totals.bytes;
  return WriteNote(note);
}

sdk::Status DatapathPins::NoteCleared() {
  PinnedNote note = note_;
  note.handed_over = 0;
  return WriteNote(note);
}

std::string DatapathPins::LinkPath(uint32_t if_index, uint8_t direction) {
  const std::string name = absl::StrCat(
      kLinkPrefix, if_index, direction == WEIR_DIRECTION_INGRESS ? "_ingress" : "_egress");
  links_.insert(name);
  return folder_->PathOf(name);
}

sdk::Status DatapathPins::DetachLeftovers() {
  sdk::Result<std::vector<std::string>> names = folder_->Names();
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (!absl::StartsWith(name, kLinkPrefix) || links_.count(name) > 0) continue;
    // The link ends with its pin, which detaches the program.
    const sdk::Status status = folder_->Remove(name);
    if (!status.ok()) return status;
  }
  return sdk::OkStatus();
}

}  // namespace weir::ebpf
