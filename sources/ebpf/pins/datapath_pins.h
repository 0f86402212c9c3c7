// SPDX-License-Identifier: Apache-2.0
// The contents of `pin_path`, which one run of weir leaves to the next: maps with their contents,
// links of attached programs, and a note that says how the maps were made and how far their flows
// have been read.
#ifndef WEIR_SOURCES_EBPF_PINS_DATAPATH_PINS_H_
#define WEIR_SOURCES_EBPF_PINS_DATAPATH_PINS_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "plugins/sdk/status.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/kernel/kernel_options.h"
#include "sources/ebpf/pins/map_maker.h"
#include "sources/ebpf/pins/pin_folder.h"

namespace weir::ebpf {

// The sums of everything read from the tables since their maps were made.
struct TableTotals {
  uint64_t packets = 0;
  uint64_t bytes = 0;
};

// The note as stored in its map. `version` is at the same offset in every version; everything else
// may change.
struct PinnedNote {
  uint32_t version;  // WEIR_LAYOUT_VERSION
  uint32_t tier;     // TableTier
  uint32_t clock;    // weir_clock
  uint32_t max_flows;
  uint32_t ring_bytes;  // size of the overflow ring
  // 1: all flows of the table that is not being filled are in the totals and have been handed over,
  // but may not have been cleared.
  uint32_t handed_over;
  uint64_t table_packets;
  uint64_t table_bytes;
};

// For one thread at a time.
class DatapathPins {
 public:
  // Opens `options.pin_path`. `ring_bytes` is the size of the overflow ring to make. Removes the
  // pins of a start that did not complete. Returns FAILED_PRECONDITION, with both values and what
  // to do, if the pins have the layout of another version or other options.
  static sdk::Result<std::unique_ptr<DatapathPins>> Open(const KernelOptions& options,
                                                         uint32_t ring_bytes);

  // Returns an error if Open would fail for a reason other than another process. Changes nothing.
  static sdk::Status Check(const KernelOptions& options, uint32_t ring_bytes);

  // True if there are maps of an earlier run to take over.
  bool takes_over() const { return note_map_.get() >= 0; }
  const PinnedNote& note() const { return note_; }
  MapMaker maker() const { return {folder_.get(), takes_over()}; }

  // To be called when all maps are made and pinned: from now on they can be taken over.
  sdk::Status Complete(const KernelOptions& options, uint32_t ring_bytes);

  // To be called when the flows that were read last have been handed over. `totals` includes them.
  sdk::Status NoteHandedOver(const TableTotals& totals);
  // To be called when these flows have been cleared.
  sdk::Status NoteCleared();

  // Returns the pin path of a program's link. The link is then no longer a leftover.
  std::string LinkPath(uint32_t if_index, uint8_t direction);
  // Detaches all programs with pinned links that LinkPath was not called for.
  sdk::Status DetachLeftovers();

 private:
  explicit DatapathPins(std::unique_ptr<PinFolder> folder) : folder_(std::move(folder)) {}
  sdk::Status ReadNote();
  sdk::Status CheckFits(const KernelOptions& options, uint32_t ring_bytes) const;
  sdk::Status RemoveAll() const;
  sdk::Status WriteNote(const PinnedNote& note);
  sdk::Status Refuse(const std::string& why) const;

  const std::unique_ptr<PinFolder> folder_;
  sdk::UniqueFd note_map_;  // -1 until Complete was called
  PinnedNote note_{};
  std::set<std::string> links_;  // names that LinkPath was called for
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_PINS_DATAPATH_PINS_H_
