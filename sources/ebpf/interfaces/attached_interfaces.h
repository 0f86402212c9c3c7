// SPDX-License-Identifier: Apache-2.0
// The interfaces that are being measured: follows interfaces that appear, disappear and are
// renamed.
#ifndef WEIR_SOURCES_EBPF_INTERFACES_ATTACHED_INTERFACES_H_
#define WEIR_SOURCES_EBPF_INTERFACES_ATTACHED_INTERFACES_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "plugins/sdk/link_monitor.h"
#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"
#include "sources/ebpf/attach/attach_options.h"
#include "sources/ebpf/attach/attachment.h"
#include "sources/ebpf/clocks/rate_limit.h"
#include "sources/ebpf/interfaces/address_feed.h"
#include "sources/ebpf/interfaces/interface_selector.h"
#include "sources/ebpf/interfaces/link_feed.h"

namespace weir::ebpf {

// For one thread at a time. Detaches everything when it ends.
class AttachedInterfaces {
 public:
  // `directions` are WEIR_DIRECTION_*. All pointers must outlive it.
  AttachedInterfaces(const sdk::Stage* stage, const InterfaceSelector* selector,
                     std::vector<uint8_t> directions, AttachOptions options,
                     ProgramAttacher* attacher);

  // The feed of the reports. Call it before the first report. `links` must outlive all reports.
  void SetLinks(LinkFeed* links) { links_ = links; }
  // Interfaces that are reported from now on have arrived during the run: packets that they count
  // before the programs are attached are a loss.
  void BeginRun() { running_ = true; }

  // Reports a link that is new or has changed, and a link that is gone.
  void OnPresent(const sdk::Link& link);
  void OnGone(const sdk::Link& link);
  // Reports all current addresses. Only needed if the selector depends on them.
  void OnAddresses(const std::vector<InterfaceAddress>& addresses);

  // Attaches again where a program is no longer in place: somebody else has removed it, or an
  // interface went away and came back and a message was lost.
  void Restore();

  // To be called after all links that existed at the start. Returns the error that makes the start
  // fail, if any. Warns of interfaces that do not exist yet.
  sdk::Status CheckStart();

  // Detaches from all interfaces. Continues after an error and returns the first one.
  sdk::Status DetachAll();
  // Releases all programs, which stay attached. Only for a kernel that persists.
  void KeepAll();

  size_t size() const { return attached_.size(); }

 private:
  using Hooks = std::vector<std::unique_ptr<Attachment>>;
  struct Interface {
    sdk::Link link;
    Hooks hooks;
  };
  struct Present {
    sdk::Link link;
    // The interface's own counters when it began to be wanted. Unset: it is measured, or not
    // wanted, or the beginning is unknown.
    std::optional<sdk::LinkCounters> missing_since;
  };

  bool IsWanted(const sdk::Link& link) const;
  // Adds the link to present_.
  Present* Note(const sdk::Link& link);
  // Counts the packets that passed before the attachment, which is done.
  void CountMissedBy(Present* present);
  void CountMissed(const sdk::Link& link, const sdk::LinkCounters& since,
                   const sdk::LinkCounters& until);
  void StopMeasuring(const sdk::Link& link);
  sdk::Result<Hooks> AttachHooks(const sdk::Link& link);
  // Removes `interface` from attached_ if it cannot attach to it.
  void AttachAnew(Interface* interface);
  void NoteFailure(const sdk::Link& link, const sdk::Status& status);
  void Warn(const std::string& message);
  static sdk::Status Detach(const Hooks& hooks);

  const sdk::Stage* const stage_;
  const InterfaceSelector* const selector_;
  const std::vector<uint8_t> directions_;
  const AttachOptions options_;
  ProgramAttacher* const attacher_;

  std::unordered_map<uint32_t, Interface> attached_;  // by if_index

  std::unordered_map<uint32_t, Present> present_;  // all interfaces, by if_index
  // The interfaces that have an address in the selector's ranges. Only used if it has ranges.
  std::unordered_set<uint32_t> in_ranges_;
  LinkFeed* links_ = nullptr;
  bool running_ = false;

  // Until CheckStart.
  bool starting_ = true;
  sdk::Status named_failure_;  // the first failure of an interface that is configured by name
  sdk::Status first_failure_;

  sdk::Metric failures_;
  sdk::Metric measured_;
  sdk::Metric missed_packets_;
  RateLimit warnings_;
};

// Passes the events of a feed to `attached`.
inline LinkEvents EventsOf(AttachedInterfaces* attached) {
  return {[attached](const sdk::Link& link) { attached->OnPresent(link); },
          [attached](const sdk::Link& link) { attached->OnGone(link); },
          [attached](const std::vector<InterfaceAddress>& all) { attached->OnAddresses(all); }};
}

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_INTERFACES_ATTACHED_INTERFACES_H_
