// SPDX-License-Identifier: Apache-2.0
// The interfaces that are measured now: follows what comes, goes and is renamed.
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

// One thread at a time. What is attached is detached when it ends.
class AttachedInterfaces {
 public:
  // `directions` are WEIR_DIRECTION_*. All pointers must outlive it.
  AttachedInterfaces(const sdk::Stage* stage, const InterfaceSelector* selector,
                     std::vector<uint8_t> directions, AttachOptions options,
                     ProgramAttacher* attacher);

  // Where the reports come from, before the first one. `links` must outlive all of them.
  void SetLinks(LinkFeed* links) { links_ = links; }
  // All interfaces that are reported from now on have arrived during the run: what they count
  // before the programs are attached is a loss.
  void BeginRun() { running_ = true; }

  // A link that is new or has changed; and one that has gone.
  void OnPresent(const sdk::Link& link);
  void OnGone(const sdk::Link& link);
  // All addresses that there are now, where the selector depends on them.
  void OnAddresses(const std::vector<InterfaceAddress>& addresses);

  // Attaches anew what is no longer in place: somebody else has taken it off, or of an
  // interface that went and came again a message was lost.
  void Restore();

  // After all links that were there at the start: the error that makes the start
  // fail, if there is one, and warnings of what is not there yet.
  sdk::Status CheckStart();

  // Detaches from all; goes on after an error and returns the first.
  sdk::Status DetachAll();
  // Lets go of all, which stay attached: of a kernel that persists.
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
    // What it had counted when it began to be one to be measured. Unset: it is measured, or is
    // not to be, or since when is not known.
    std::optional<sdk::LinkCounters> missing_since;
  };

  bool IsWanted(const sdk::Link& link) const;
  // Takes the link into present_.
  Present* Note(const sdk::Link& link);
  // What passed before the attachment to it, which has been made.
  void CountMissedBy(Present* present);
  void CountMissed(const sdk::Link& link, const sdk::LinkCounters& since,
                   const sdk::LinkCounters& until);
  void StopMeasuring(const sdk::Link& link);
  sdk::Result<Hooks> AttachHooks(const sdk::Link& link);
  // Removes `interface` from attached_ if it cannot be attached to.
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
  // Where the selector depends on addresses: the indexes of those that have one in its ranges.
  std::unordered_set<uint32_t> in_ranges_;
  LinkFeed* links_ = nullptr;
  bool running_ = false;

  // Until CheckStart.
  bool starting_ = true;
  sdk::Status named_failure_;  // the first of an interface that is named
  sdk::Status first_failure_;

  sdk::Metric failures_;
  sdk::Metric measured_;
  sdk::Metric missed_packets_;
  RateLimit warnings_;
};

// Passes on what a feed tells.
inline LinkEvents EventsOf(AttachedInterfaces* attached) {
  return {[attached](const sdk::Link& link) { attached->OnPresent(link); },
          [attached](const sdk::Link& link) { attached->OnGone(link); },
          [attached](const std::vector<InterfaceAddress>& all) { attached->OnAddresses(all); }};
}

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_INTERFACES_ATTACHED_INTERFACES_H_
