// SPDX-License-Identifier: Apache-2.0
// What one run of weir leaves to the next in `pin_path`: maps with all that is in them,
// links of attached programs, and a note of how these maps were made and how far their
// flows have been read.
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

// What has been read out of tables since their maps were made.
struct TableTotals {
  uint64_t packets = 0;
  uint64_t bytes = 0;
};

// The note, as it is in its map. `version` is where it is in every version; all else may
// change with it.
struct PinnedNote {
  uint32_t version;  // WEIR_LAYOUT_VERSION
  uint32_t tier;     // TableTier
  uint32_t clock;    // weir_clock
  uint32_t max_flows;
  uint32_t ring_bytes;  // of the overflow ring, as it was made
  // 1: the flows of the table that is not being filled are all in the totals and have been
  // handed over, but may not have been cleared.
  uint32_t handed_over;
  uint64_t table_packets;
  uint64_t table_bytes;
};

// One thread at a time.
class DatapathPins {
 public:
  // Of `options.pin_path`. `ring_bytes` is the size of the overflow ring as it would be
  // made. Removes what a start that did not get far has left. FAILED_PRECONDITION if what
  // is there was laid out by another version or made with other options, with both and
  // what to do about it.
  static sdk::Result<std::unique_ptr<DatapathPins>> Open(const KernelOptions& options,
                                                         uint32_t ring_bytes);

  // Whether Open would find nothing in the way, but another process. Changes nothing.
  static sdk::Status Check(const KernelOptions& options, uint32_t ring_bytes);

  // Whether maps of a former run are there, which are to be used.
  bool takes_over() const { return note_map_.get() >= 0; }
  const PinnedNote& note() const { return note_; }
  MapMaker maker() const { return {folder_.get(), takes_over()}; }

  // All maps are made and pinned: from now on they are there to be taken over.
  sdk::Status Complete(const KernelOptions& options, uint32_t ring_bytes);

  // The flows that were read last have been handed over, with which the totals are these.
  sdk::Status NoteHandedOver(const TableTotals& totals);
  // And they have been cleared.
  sdk::Status NoteCleared();

  // Where the link of a program is pinned. It is then none of the leftovers.
  std::string LinkPath(uint32_t if_index, uint8_t direction);
  // Detaches all programs whose links are pinned and have not been asked for.
  sdk::Status DetachLeftovers();

 private:
  explicit DatapathPins(std::unique_ptr<PinFolder> folder) : folder_(std::move(folder)) {}
  sdk::Status ReadNote();
  sdk::Status CheckFits(const KernelOptions& options, uint32_t ring_bytes) const;
  sdk::Status RemoveAll() const;
  sdk::Status WriteNote(const PinnedNote& note);
  sdk::Status Refuse(const std::string& why) const;

  const std::unique_ptr<PinFolder> folder_;
  sdk::UniqueFd note_map_;  // -1 until it is complete
  PinnedNote note_{};
  std::set<std::string> links_;  // names that were asked for
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_PINS_DATAPATH_PINS_H_
