// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/doctor/diagnosis.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "sources/ebpf/tables/table_memory.h"

namespace weir::ebpf {

namespace {

constexpr char kHowToPermit[] =
    "run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON as the systemd service does";

class Report {
 public:
  void Ok(std::string subject, std::string text) {
    Add(WEIR_FINDING_OK, std::move(subject), std::move(text));
  }
  void Degraded(std::string subject, std::string text) {
    Add(WEIR_FINDING_DEGRADED, std::move(subject), std::move(text));
  }
  void Missing(std::string subject, std::string text) {
    Add(WEIR_FINDING_MISSING, std::move(subject), std::move(text));
  }
  // Reports a feature that weir cannot run without. `since` is the kernel that introduced it.
  void Required(std::string subject, Support support, std::string_view use,
                std::string_view since) {
    if (support == Support::kYes) return Ok(std::move(subject), std::string(use));
    Missing(std::move(subject),
            absl::StrCat("this kernel has none (", since, "), and weir needs it: it ", use));
  }
  std::vector<sdk::Finding> Take() { return std::move(findings_); }

 private:
  void Add(weir_finding_severity severity, std::string subject, std::string text) {
    findings_.push_back({severity, std::move(subject), std::move(text)});
  }

  std::vector<sdk::Finding> findings_;
};

std::vector<std::string> MissingCapabilities(const KernelFeatures& features) {
  const bool admin = features.Has(kCapSysAdmin);
  std::vector<std::string> missing;
  if (!features.Has(kCapBpf) && !admin) missing.emplace_back("CAP_BPF");
  if (!features.Has(kCapNetAdmin)) missing.emplace_back("CAP_NET_ADMIN");
  if (!features.Has(kCapPerfmon) && !admin) missing.emplace_back("CAP_PERFMON");
  return missing;
}

void ReportCapabilities(const KernelFeatures& features, Report* report) {
  const std::vector<std::string> missing = MissingCapabilities(features);
  if (missing.empty()) {
    report->Ok("capabilities",
               features.Has(kCapSysAdmin)
                   ? "CAP_SYS_ADMIN; CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON would suffice"
                   : "CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON");
  } else {
    report->Missing("capabilities", absl::StrCat("this process lacks ",
                                                 absl::StrJoin(missing, ", "), ": ", kHowToPermit));
  }
}

// Returns true if this process may use BPF, so that there is more to report.
bool ReportBpf(const KernelFeatures& features, Report* report) {
  constexpr char kSubject[] = "BPF";
  if (features.bpf != Support::kYes) {
    report->Missing(kSubject, "this kernel has no BPF system call (CONFIG_BPF_SYSCALL)");
    return false;
  }
  if (features.programs == Support::kYes) {
    report->Ok(kSubject, "this process can load programs for traffic control");
    return true;
  }
  if (features.programs == Support::kNo) {
    report->Missing(kSubject,
                    "this kernel has no programs for traffic control (CONFIG_NET_CLS_BPF or "
                    "CONFIG_NET_XGRESS)");
    return false;
  }
  if (MissingCapabilities(features).empty()) {
    report->Missing(kSubject,
                    "refused although the process has the capabilities: a user namespace, a "
                    "seccomp filter or a security module forbids it");
  } else {
    report->Degraded(kSubject,
                     "this process may not use it, so maps, instructions and hooks were not "
                     "checked");
  }
  return false;
}

void ReportJit(const KernelFeatures& features, Report* report) {
  if (features.jit == Support::kNo) {
    report->Degraded("BPF JIT",
                     "off: programs are interpreted, and each packet costs more CPU; turn it on "
                     "with sysctl net.core.bpf_jit_enable=1 (CONFIG_BPF_JIT)");
  } else if (features.jit == Support::kYes) {
    report->Ok("BPF JIT", "programs run as machine code");
  } else {
    report->Ok("BPF JIT", "unknown: the kernel does not tell");
  }
}

void ReportTcx(const KernelFeatures& features, AttachMode attach, Report* report) {
  if (features.tcx == Support::kYes) {
    return report->Ok(
        "TCX", attach == AttachMode::kClsact
                   ? "available, not used: `attach` is CLSACT"
                   : "the kernel removes the programs when weir ends, however it ends, unless "
                     "`pin_path` keeps them");
  }
  constexpr char kNone[] = "this kernel has none (6.6 and later)";
  if (attach == AttachMode::kTcx) {
    report->Missing("TCX",
                    absl::StrCat(kNone, ", but `attach` is TCX: set it to AUTO to use clsact"));
  } else if (attach == AttachMode::kClsact) {
    report->Ok("TCX", absl::StrCat(kNone, "; not needed: `attach` is CLSACT"));
  } else {
    report->Degraded("TCX", absl::StrCat(kNone,
                                         ": weir uses clsact, whose filters stay until the "
                                         "next start if weir is killed"));
  }
}

void ReportClsact(const KernelFeatures& features, AttachMode attach, Report* report) {
  const bool needed = attach == AttachMode::kClsact ||
                      (attach == AttachMode::kAuto && features.tcx != Support::kYes);
  constexpr char kNone[] = "this kernel has none (CONFIG_NET_SCH_INGRESS and CONFIG_NET_CLS_BPF)";
  constexpr char kNotTried[] = "not checked: that needs a network namespace and CAP_SYS_ADMIN";
  switch (features.clsact) {
    case Support::kYes:
      return report->Ok("clsact",
                        needed ? "weir attaches its programs as filters" : "available, not needed");
    case Support::kNo:
      if (needed) return report->Missing("clsact", absl::StrCat(kNone, ", and weir needs it"));
      return report->Ok("clsact", absl::StrCat(kNone, "; not needed"));
    case Support::kUnknown:
      if (needed) return report->Degraded("clsact", absl::StrCat(kNotTried, "; weir needs it"));
      return report->Ok("clsact", absl::StrCat(kNotTried, "; not needed"));
  }
}

void ReportMapped(std::string subject, Support support, std::string_view since, TableTier wanted,
                  Report* report) {
  if (support == Support::kYes) {
    return report->Ok(std::move(subject), wanted == TableTier::kHash
                                              ? "available, not used: `flow_table` is HASH"
                                              : "for the mapped flow table");
  }
  const std::string none = absl::StrCat("this kernel has none (", since, ")");
  if (wanted == TableTier::kMapped) {
    report->Missing(
        std::move(subject),
        absl::StrCat(none, ", but `flow_table` is MAPPED: set it to FASTEST to use hash maps"));
  } else if (wanted == TableTier::kAuto) {
    report->Degraded(std::move(subject),
                     absl::StrCat(none, ": weir uses hash maps, which cost more CPU"));
  } else {
    report->Ok(std::move(subject), absl::StrCat(none, "; not needed"));
  }
}

void ReportBatch(const KernelFeatures& features, TableTier tier, Report* report) {
  constexpr char kSubject[] = "batch operations";
  if (features.batch_operations == Support::kYes) {
    return report->Ok(kSubject, tier == TableTier::kHash
                                    ? "weir reads many flows at a time"
                                    : "available; the mapped flow table does not need them");
  }
  if (tier == TableTier::kHash) {
    return report->Degraded(kSubject,
                            "this kernel has none (5.6 and later): weir reads flows one by one, "
                            "which costs more CPU at each timeout");
  }
  report->Ok(kSubject, "this kernel has none (5.6 and later); not needed");
}

std::string Megabytes(uint64_t bytes) {
  return absl::StrFormat("%.1f MiB", static_cast<double>(bytes) / (1024.0 * 1024.0));
}

void ReportMemory(const KernelFeatures& features, const KernelOptions& options, TableTier tier,
                  Report* report) {
  const uint64_t needed = TableBytes(tier, options.max_flows) + options.ring_bytes;
  const std::string what = absl::StrCat(
      "about ", Megabytes(needed), " in the kernel for cache_max_flows ", options.max_flows,
      options.ring_bytes > 0 ? absl::StrCat(" and ring_bytes ", options.ring_bytes) : "");
  const uint64_t available = features.available_memory_bytes;
  if (available > 0 && needed > available / 2) {
    report->Degraded("memory", absl::StrCat(what, ", more than half of the ", Megabytes(available),
                                            " available: lower cache_max_flows; more packets then "
                                            "go through the ring buffer"));
  } else {
    report->Ok("memory", what);
  }
}

}  // namespace

TableTier TierOf(const KernelFeatures& features, TableTier wanted) {
  if (wanted != TableTier::kAuto) return wanted;
  const bool mapped =
      features.mmapable_array == Support::kYes && features.compare_and_swap == Support::kYes;
  return mapped ? TableTier::kMapped : TableTier::kHash;
}

std::vector<sdk::Finding> DiagnoseMachine(const KernelFeatures& features, AttachMode attach,
                                          TableTier wanted) {
  Report report;
  report.Ok("kernel", features.release.empty() ? "unknown release" : features.release);
  ReportCapabilities(features, &report);
  const bool permitted = ReportBpf(features, &report);
  report.Ok("BTF",
            features.btf == Support::kYes ? "available, not needed" : "not available, not needed");
  if (!permitted) return report.Take();
  ReportJit(features, &report);
  ReportTcx(features, attach, &report);
  ReportClsact(features, attach, &report);
  report.Required("hash map", features.hash, "holds the flows", "CONFIG_BPF_SYSCALL");
  report.Required("array of maps", features.array_of_maps, "lets the programs change tables",
                  "4.12 and later");
  report.Required("per-CPU array", features.per_cpu_array, "counts packets", "4.6 and later");
  report.Required("ring buffer", features.ring_buffer,
                  "takes packets that find no room in the table", "5.8 and later");
  ReportMapped("mmap-able array", features.mmapable_array, "5.5 and later", wanted, &report);
  ReportMapped("compare-and-swap", features.compare_and_swap, "5.12 and later", wanted, &report);
  ReportBatch(features, TierOf(features, wanted), &report);
  return report.Take();
}

std::vector<sdk::Finding> DiagnoseDatapath(const KernelFeatures& features,
                                           const KernelOptions& options,
                                           const sdk::Status& loaded) {
  Report report;
  const TableTier tier = TierOf(features, options.tier);
  if (features.programs == Support::kYes) {
    if (loaded.ok()) {
      report.Ok("BPF programs", "the kernel accepts them");
    } else {
      report.Missing("BPF programs", loaded.message());
    }
    report.Ok("flow table", tier == TableTier::kMapped
                                ? "mapped: an array that weir reads in its own memory"
                                : "hash: two hash maps, read by system calls");
  }
  ReportMemory(features, options, tier, &report);
  if (options.ring_bytes == 0) {
    report.Degraded("overflow",
                    "no ebpf_ringbuf reads it: packets of flows that find no room in the table are "
                    "counted as dropped");
  }
  return report.Take();
}

std::vector<sdk::Finding> DiagnosePins(const KernelFeatures& features, const KernelOptions& options,
                                       const sdk::Status& checked) {
  constexpr char kSubject[] = "pin_path";
  Report report;
  if (features.tcx == Support::kNo) {
    report.Missing(kSubject, "needs TCX (6.6 and later): only its links can be pinned");
  } else if (!checked.ok()) {
    report.Missing(kSubject, checked.message());
  } else {
    report.Ok(kSubject, absl::StrCat("tables and programs stay in ", options.pin_path,
                                     " when weir ends, and no packet is lost"));
  }
  return report.Take();
}

sdk::Finding DiagnoseNamespaces(const KernelFeatures& features) {
  constexpr char kSubject[] = "network namespaces";
  if (!features.Has(kCapSysAdmin)) {
    return {WEIR_FINDING_MISSING, kSubject,
            "`netns` is ALL, but this process lacks CAP_SYS_ADMIN, which it needs to enter other "
            "namespaces: run as root or with that capability, or set `netns` to OWN"};
  }
  if (!features.Has(kCapSysPtrace)) {
    return {WEIR_FINDING_DEGRADED, kSubject,
            "this process lacks CAP_SYS_PTRACE: weir does not find a namespace that has no name "
            "and only processes of other users"};
  }
  return {WEIR_FINDING_OK, kSubject, "weir measures all of them"};
}

}  // namespace weir::ebpf
