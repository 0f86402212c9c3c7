// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/interfaces/attached_interfaces.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/record/constants.h"

namespace weir::ebpf {

namespace {

constexpr uint32_t kWarningsPerInterval = 20;
constexpr uint64_t kWarningIntervalNs = 10'000'000'000;

// Returns the counters of an interface when it arrived, as `link` reports the arrival. An interface
// that comes from another network namespace has counted there, and is down at first. Otherwise it
// is new, or the report of its arrival was lost: then its whole life counts, which is never too
// little.
sdk::LinkCounters CountersAtArrival(const sdk::Link& link) {
  return link.counters && !link.up ? *link.counters : sdk::LinkCounters{};
}

// Returns the packets since `since`. A driver may restart its counters at 0.
uint64_t Difference(uint64_t since, uint64_t until) {
  return until >= since ? until - since : until;
}

}  // namespace

AttachedInterfaces::AttachedInterfaces(const sdk::Stage* stage, const InterfaceSelector* selector,
                                       std::vector<uint8_t> directions, AttachOptions options,
                                       ProgramAttacher* attacher)
    : stage_(stage),
      selector_(selector),
      directions_(std::move(directions)),
      options_(std::move(options)),
      attacher_(attacher),
      failures_(stage->Counter("weir_interface_attach_failures_total",
                               "Times that attaching to an interface failed.")),
      measured_(stage->Gauge("weir_interfaces_attached", "Interfaces that are being measured.")),
      missed_packets_(stage->Counter(
          "weir_interface_packets_before_attachment_total",
          "Upper bound of the packets that passed new interfaces before weir was attached to "
          "them.")),
      warnings_(kWarningsPerInterval, kWarningIntervalNs) {}

sdk::Result<AttachedInterfaces::Hooks> AttachedInterfaces::AttachHooks(const sdk::Link& link) {
  Hooks hooks;
  for (const uint8_t direction : directions_) {
    sdk::Result<std::unique_ptr<Attachment>> attached =
        attacher_->Attach(link, direction, options_);
    if (!attached.ok()) {
      const sdk::Status undone = Detach(hooks);
      if (undone.ok()) return attached.status();
      return sdk::Status(attached.status().code(),
                         absl::StrCat(attached.status().message(), "; ", undone.message()));
    }
    if (const std::string& warning = (*attached)->warning(); !warning.empty()) Warn(warning);
    hooks.push_back(*std::move(attached));
  }
  return hooks;
}

bool AttachedInterfaces::IsWanted(const sdk::Link& link) const {
  if (!selector_->Matches(link.name)) return false;
  return !selector_->ByAddress() || in_ranges_.count(link.if_index) != 0;
}

void AttachedInterfaces::StopMeasuring(const sdk::Link& link) {
  const auto known = attached_.find(link.if_index);
  if (known == attached_.end()) return;
  const sdk::Status status = Detach(known->second.hooks);
  const std::string& name = known->second.link.name;
  stage_->Log(WEIR_LOG_INFO,
              absl::StrCat("interface '", name, "' ",
                           name == link.name ? "no longer has an address in interface_ips"
                                             : absl::StrCat("was renamed to '", link.name, "'"),
                           ": no longer measured"));
  if (!status.ok()) stage_->Log(WEIR_LOG_WARNING, status.message());
  attached_.erase(known);
  measured_.Add(-1);
}

void AttachedInterfaces::OnAddresses(const std::vector<InterfaceAddress>& addresses) {
  in_ranges_.clear();
  for (const InterfaceAddress& one : addresses) {
    if (selector_->InRanges(one.address)) in_ranges_.insert(one.if_index);
  }
  for (const auto& [if_index, present] : present_) {
    if (IsWanted(present.link) != (attached_.count(if_index) != 0)) {
      OnPresent(sdk::Link(present.link));
    }
  }
}

AttachedInterfaces::Present* AttachedInterfaces::Note(const sdk::Link& link) {
  const auto [entry, arrives] = present_.try_emplace(link.if_index);
  Present* const present = &entry->second;
  const bool was_wanted = !arrives && IsWanted(present->link);
  present->link = link;
  if (arrives) {
    // An interface that is reported by itself, not in a list, has just appeared.
    if (running_ || link.counters) present->missing_since = CountersAtArrival(link);
  } else if (!was_wanted && IsWanted(link)) {
    present->missing_since = link.counters;  // renamed to a selected name
  } else if (was_wanted && !IsWanted(link)) {
    present->missing_since.reset();
  }
  return present;
}

void AttachedInterfaces::CountMissedBy(Present* present) {
  if (!present->missing_since) return;
  sdk::Result<sdk::LinkCounters> now = links_->ReadCounters(present->link.if_index);
  if (now.status().code() == WEIR_NOT_FOUND) return;  // the report of its removal has the counters
  if (now.ok()) {
    CountMissed(present->link, *present->missing_since, *now);
  } else {
    Warn(absl::StrCat("interface '", present->link.name, "': ", now.status().message(),
                      ": packets before the attachment are not counted"));
  }
  present->missing_since.reset();
}

void AttachedInterfaces::CountMissed(const sdk::Link& link, const sdk::LinkCounters& since,
                                     const sdk::LinkCounters& until) {
  uint64_t packets = 0;
  for (const uint8_t direction : directions_) {
    packets += direction == kDirectionIngress ? Difference(since.rx_packets, until.rx_packets)
                                              : Difference(since.tx_packets, until.tx_packets);
  }
  if (packets == 0) return;
  missed_packets_.Add(static_cast<int64_t>(packets));
  stage_->Log(WEIR_LOG_DEBUG,
              absl::StrCat("interface '", link.name, "' (", link.if_index, "): at most ", packets,
                           " packets passed before weir was attached"));
}

void AttachedInterfaces::OnPresent(const sdk::Link& link) {
  Present* const present = Note(link);
  if (!IsWanted(link)) {
    StopMeasuring(link);
    return;
  }
  const auto known = attached_.find(link.if_index);
  if (known != attached_.end()) {
    const bool same_type = known->second.link.hardware_type == link.hardware_type;
    known->second.link = link;
    if (!same_type) AttachAnew(&known->second);
    return;
  }
  sdk::Result<Hooks> hooks = AttachHooks(link);
  if (!hooks.ok()) {
    NoteFailure(link, hooks.status());
    return;
  }
  attached_[link.if_index] = {link, *std::move(hooks)};
  CountMissedBy(present);
  measured_.Add(1);
  stage_->Log(WEIR_LOG_DEBUG,
              absl::StrCat("interface '", link.name, "' (", link.if_index, ") is being measured"));
}

// Packets of another hardware type begin with another header, so they need another program.
void AttachedInterfaces::AttachAnew(Interface* interface) {
  const sdk::Link link = interface->link;
  if (const sdk::Status status = Detach(interface->hooks); !status.ok()) Warn(status.message());
  sdk::Result<Hooks> hooks = AttachHooks(link);
  if (hooks.ok()) {
    interface->hooks = *std::move(hooks);
    stage_->Log(WEIR_LOG_INFO,
                absl::StrCat("interface '", link.name, "': its hardware type is now ",
                             link.hardware_type, ": attached other programs"));
    return;
  }
  NoteFailure(link, hooks.status());
  attached_.erase(link.if_index);
  measured_.Add(-1);
}

void AttachedInterfaces::Restore() {
  const auto in_place = [](const std::unique_ptr<Attachment>& hook) { return hook->IsInPlace(); };
  for (auto known = attached_.begin(); known != attached_.end();) {
    Interface& interface = known->second;
    if (std::all_of(interface.hooks.begin(), interface.hooks.end(), in_place)) {
      ++known;
      continue;
    }
    if (const sdk::Status status = Detach(interface.hooks); !status.ok()) Warn(status.message());
    sdk::Result<Hooks> hooks = AttachHooks(interface.link);
    if (hooks.ok()) {
      interface.hooks = *std::move(hooks);
      Warn(absl::StrCat("interface '", interface.link.name,
                        "': somebody removed weir's program: attached it again"));
      ++known;
      continue;
    }
    NoteFailure(interface.link, hooks.status());
    known = attached_.erase(known);
    measured_.Add(-1);
  }
}

void AttachedInterfaces::NoteFailure(const sdk::Link& link, const sdk::Status& status) {
  // The interface has gone since the kernel's message; another message reports that.
  if (status.code() == WEIR_NOT_FOUND) return;
  failures_.Add(1);
  if (starting_) {
    if (first_failure_.ok()) first_failure_ = status;
    if (named_failure_.ok() && selector_->MatchesByName(link.name)) named_failure_ = status;
  }
  Warn(absl::StrCat(status.message(), "; the interface is not measured"));
}

void AttachedInterfaces::Warn(const std::string& message) {
  if (warnings_.Allow(stage_->MonotonicNs())) stage_->Log(WEIR_LOG_WARNING, message);
}

void AttachedInterfaces::OnGone(const sdk::Link& link) {
  const auto present = present_.find(link.if_index);
  if (present != present_.end()) {
    const std::optional<sdk::LinkCounters>& since = present->second.missing_since;
    if (since && link.counters && IsWanted(present->second.link)) {
      CountMissed(link, *since, *link.counters);
    }
    present_.erase(present);
  }
  const auto known = attached_.find(link.if_index);
  if (known == attached_.end()) return;
  for (const std::unique_ptr<Attachment>& hook : known->second.hooks) hook->Abandon();
  attached_.erase(known);
  measured_.Add(-1);
}

sdk::Status AttachedInterfaces::CheckStart() {
  starting_ = false;
  if (!named_failure_.ok()) return named_failure_;
  if (attached_.empty() && !first_failure_.ok()) return first_failure_;
  for (const std::string& name : selector_->Names()) {
    const bool present = std::any_of(attached_.begin(), attached_.end(), [&](const auto& entry) {
      return entry.second.link.name == name;
    });
    if (present) continue;
    stage_->Log(WEIR_LOG_WARNING,
                absl::StrCat("interface '", name, "' does not exist yet: waiting for it"));
  }
  stage_->Log(WEIR_LOG_INFO, absl::StrCat("measuring ", attached_.size(),
                                          attached_.size() == 1 ? " interface" : " interfaces"));
  return sdk::OkStatus();
}

sdk::Status AttachedInterfaces::Detach(const Hooks& hooks) {
  sdk::Status first;
  for (const std::unique_ptr<Attachment>& hook : hooks) {
    const sdk::Status status = hook->Detach();
    if (first.ok()) first = status;
  }
  return first;
}

void AttachedInterfaces::KeepAll() {
  for (const auto& [if_index, interface] : attached_) {
    for (const std::unique_ptr<Attachment>& hook : interface.hooks) hook->Keep();
  }
  measured_.Add(-static_cast<int64_t>(attached_.size()));
  attached_.clear();
}

sdk::Status AttachedInterfaces::DetachAll() {
  sdk::Status first;
  for (const auto& [if_index, interface] : attached_) {
    const sdk::Status status = Detach(interface.hooks);
    if (!status.ok() && first.ok()) {
      first = sdk::Status(
          status.code(), absl::StrCat("interface '", interface.link.name, "': ", status.message()));
    }
  }
  measured_.Add(-static_cast<int64_t>(attached_.size()));
  attached_.clear();
  return first;
}

}  // namespace weir::ebpf
