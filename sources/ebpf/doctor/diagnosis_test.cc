// SPDX-License-Identifier: Apache-2.0
// The findings for each state that a machine can be in.
#include "sources/ebpf/doctor/diagnosis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "sources/ebpf/tables/table_memory.h"

namespace weir::ebpf {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Support kAll[] = {Support::kUnknown, Support::kNo, Support::kYes};
constexpr AttachMode kModes[] = {AttachMode::kAuto, AttachMode::kTcx, AttachMode::kClsact};

constexpr Support KernelFeatures::*kFeatures[] = {&KernelFeatures::bpf,
                                                  &KernelFeatures::programs,
                                                  &KernelFeatures::jit,
                                                  &KernelFeatures::btf,
                                                  &KernelFeatures::tcx,
                                                  &KernelFeatures::clsact,
                                                  &KernelFeatures::array_of_maps,
                                                  &KernelFeatures::hash,
                                                  &KernelFeatures::per_cpu_array,
                                                  &KernelFeatures::ring_buffer,
                                                  &KernelFeatures::mmapable_array,
                                                  &KernelFeatures::compare_and_swap,
                                                  &KernelFeatures::batch_operations};

KernelFeatures Everything() {
  KernelFeatures features;
  features.release = "6.18.0";
  features.capabilities = ~uint64_t{0};
  features.available_memory_bytes = uint64_t{1} << 34;
  for (Support KernelFeatures::*feature : kFeatures) {
    features.*feature = Support::kYes;
  }
  return features;
}

// As ProbeKernel reports them if the kernel allows no probe.
KernelFeatures Nothing(Support bpf, Support programs, uint64_t capabilities) {
  KernelFeatures features;
  features.bpf = bpf;
  features.programs = programs;
  features.capabilities = capabilities;
  return features;
}

KernelOptions Options(uint32_t max_flows, uint32_t ring_bytes) {
  KernelOptions options;
  options.max_flows = max_flows;
  options.ring_bytes = ring_bytes;
  return options;
}

// Returns the only finding with that subject.
sdk::Finding Of(const std::string& subject, const std::vector<sdk::Finding>& findings) {
  sdk::Finding found;
  int count = 0;
  for (const sdk::Finding& finding : findings) {
    if (finding.subject != subject) continue;
    found = finding;
    ++count;
  }
  EXPECT_EQ(count, 1) << subject;
  return found;
}

sdk::Finding OfMachine(const std::string& subject, const KernelFeatures& features,
                       AttachMode attach = AttachMode::kAuto, TableTier wanted = TableTier::kHash) {
  return Of(subject, DiagnoseMachine(features, attach, wanted));
}

weir_finding_severity Worst(const std::vector<sdk::Finding>& findings) {
  weir_finding_severity worst = WEIR_FINDING_OK;
  for (const sdk::Finding& finding : findings) {
    if (finding.severity > worst) worst = finding.severity;
  }
  return worst;
}

TEST(DiagnoseMachineTest, AKernelWithEverythingIsFine) {
  for (const TableTier tier : {TableTier::kAuto, TableTier::kMapped, TableTier::kHash}) {
    for (const AttachMode attach : kModes) {
      EXPECT_EQ(Worst(DiagnoseMachine(Everything(), attach, tier)), WEIR_FINDING_OK);
    }
  }
}

// Whatever is found, each subject is reported once, in a sentence.
TEST(DiagnoseMachineTest, EachSubjectIsReportedOnceInWords) {
  for (Support KernelFeatures::*feature : kFeatures) {
    for (const Support support : kAll) {
      for (const AttachMode attach : kModes) {
        KernelFeatures features = Everything();
        features.*feature = support;
        const auto findings = DiagnoseMachine(features, attach, TableTier::kAuto);
        for (const sdk::Finding& finding : findings) {
          EXPECT_FALSE(finding.text.empty()) << finding.subject;
          EXPECT_EQ(Of(finding.subject, findings).text, finding.text);
        }
      }
    }
  }
}

TEST(DiagnoseMachineTest, WithoutTheseNothingRuns) {
  for (const auto& [subject, feature] :
       std::vector<std::pair<std::string, Support KernelFeatures::*>>{
           {"hash map", &KernelFeatures::hash},
           {"array of maps", &KernelFeatures::array_of_maps},
           {"per-CPU array", &KernelFeatures::per_cpu_array},
           {"ring buffer", &KernelFeatures::ring_buffer}}) {
    KernelFeatures features = Everything();
    features.*feature = Support::kNo;
    EXPECT_EQ(OfMachine(subject, features).severity, WEIR_FINDING_MISSING) << subject;
    EXPECT_THAT(OfMachine(subject, features).text, HasSubstr("this kernel has none (")) << subject;
  }
}

TEST(DiagnoseMachineTest, CapabilitiesThatAreMissingAreNamed) {
  constexpr uint64_t kBpf = uint64_t{1} << kCapBpf;
  constexpr uint64_t kNetAdmin = uint64_t{1} << kCapNetAdmin;
  constexpr uint64_t kPerfmon = uint64_t{1} << kCapPerfmon;
  constexpr uint64_t kSysAdmin = uint64_t{1} << kCapSysAdmin;
  const struct {
    uint64_t capabilities;
    const char* lacks;  // null: none
  } cases[] = {
      {kBpf | kNetAdmin | kPerfmon, nullptr},
      {kSysAdmin | kNetAdmin, nullptr},
      {0, "lacks CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON:"},
      {kBpf | kNetAdmin, "lacks CAP_PERFMON:"},
      {kBpf | kPerfmon, "lacks CAP_NET_ADMIN:"},
      {kNetAdmin | kPerfmon, "lacks CAP_BPF:"},
      {kSysAdmin, "lacks CAP_NET_ADMIN:"},
  };
  for (const auto& test : cases) {
    KernelFeatures features = Everything();
    features.capabilities = test.capabilities;
    const sdk::Finding finding = OfMachine("capabilities", features);
    if (test.lacks == nullptr) {
      EXPECT_EQ(finding.severity, WEIR_FINDING_OK);
    } else {
      EXPECT_EQ(finding.severity, WEIR_FINDING_MISSING);
      EXPECT_THAT(finding.text, AllOf(HasSubstr(test.lacks), HasSubstr("run as root")));
    }
  }
}

TEST(DiagnoseMachineTest, WhereBpfIsClosedItIsSaidWhy) {
  const auto why = [](Support bpf, Support programs, uint64_t capabilities) {
    const KernelFeatures features = Nothing(bpf, programs, capabilities);
    // No guesses about features that could not be checked.
    for (const sdk::Finding& finding :
         DiagnoseMachine(features, AttachMode::kAuto, TableTier::kAuto)) {
      EXPECT_THAT(finding.subject, Not(HasSubstr("TCX")));
      EXPECT_THAT(finding.text, Not(HasSubstr("this kernel has none")));
    }
    return OfMachine("BPF", features);
  };
  EXPECT_THAT(why(Support::kNo, Support::kNo, ~uint64_t{0}).text, HasSubstr("CONFIG_BPF_SYSCALL"));
  EXPECT_EQ(why(Support::kNo, Support::kNo, 0).severity, WEIR_FINDING_MISSING);
  EXPECT_THAT(why(Support::kYes, Support::kNo, ~uint64_t{0}).text, HasSubstr("traffic control"));
  EXPECT_EQ(why(Support::kYes, Support::kNo, ~uint64_t{0}).severity, WEIR_FINDING_MISSING);
  EXPECT_THAT(why(Support::kYes, Support::kUnknown, ~uint64_t{0}).text,
              HasSubstr("user namespace"));
  EXPECT_EQ(why(Support::kYes, Support::kUnknown, ~uint64_t{0}).severity, WEIR_FINDING_MISSING);
  // The line "capabilities" says what is missing.
  EXPECT_THAT(why(Support::kYes, Support::kUnknown, 0).text, HasSubstr("not checked"));
  EXPECT_EQ(why(Support::kYes, Support::kUnknown, 0).severity, WEIR_FINDING_DEGRADED);
}

TEST(DiagnoseMachineTest, AHookThatIsThereIsEnough) {
  for (const Support tcx : kAll) {
    for (const Support clsact : kAll) {
      for (const AttachMode attach : kModes) {
        KernelFeatures features = Everything();
        features.tcx = tcx;
        features.clsact = clsact;
        const bool takes_tcx = attach != AttachMode::kClsact && tcx == Support::kYes;
        const bool takes_clsact = attach != AttachMode::kTcx && !takes_tcx;
        const bool runs = takes_tcx || (takes_clsact && clsact == Support::kYes);
        const bool maybe = takes_clsact && clsact == Support::kUnknown;
        const auto worst = Worst(DiagnoseMachine(features, attach, TableTier::kAuto));
        if (runs && attach == AttachMode::kAuto && !takes_tcx) {
          EXPECT_EQ(worst, WEIR_FINDING_DEGRADED);
        } else if (runs) {
          EXPECT_EQ(worst, WEIR_FINDING_OK);
        } else {
          EXPECT_EQ(worst, maybe ? WEIR_FINDING_DEGRADED : WEIR_FINDING_MISSING);
        }
      }
    }
  }
}

TEST(DiagnoseMachineTest, WhatOnlyCostsCpuIsDegraded) {
  KernelFeatures features = Everything();
  features.jit = Support::kNo;
  EXPECT_EQ(OfMachine("BPF JIT", features).severity, WEIR_FINDING_DEGRADED);
  EXPECT_THAT(OfMachine("BPF JIT", features).text, HasSubstr("bpf_jit_enable=1"));
  features.batch_operations = Support::kNo;
  EXPECT_EQ(OfMachine("batch operations", features).severity, WEIR_FINDING_DEGRADED);
  EXPECT_EQ(OfMachine("batch operations", features, AttachMode::kAuto, TableTier::kAuto).severity,
            WEIR_FINDING_OK);
}

TEST(DiagnoseMachineTest, BtfIsNeverMissed) {
  for (const Support btf : kAll) {
    KernelFeatures features = Everything();
    features.btf = btf;
    EXPECT_EQ(OfMachine("BTF", features).severity, WEIR_FINDING_OK);
  }
}

TEST(TierTest, TheMappedOneNeedsBothFeatures) {
  for (const Support array : kAll) {
    for (const Support swap : kAll) {
      KernelFeatures features = Everything();
      features.mmapable_array = array;
      features.compare_and_swap = swap;
      const bool both = array == Support::kYes && swap == Support::kYes;
      EXPECT_EQ(TierOf(features, TableTier::kAuto), both ? TableTier::kMapped : TableTier::kHash);
      EXPECT_EQ(TierOf(features, TableTier::kHash), TableTier::kHash);
      EXPECT_EQ(Worst(DiagnoseMachine(features, AttachMode::kAuto, TableTier::kAuto)),
                both ? WEIR_FINDING_OK : WEIR_FINDING_DEGRADED);
      EXPECT_EQ(Worst(DiagnoseMachine(features, AttachMode::kAuto, TableTier::kMapped)),
                both ? WEIR_FINDING_OK : WEIR_FINDING_MISSING);
      EXPECT_EQ(Worst(DiagnoseMachine(features, AttachMode::kAuto, TableTier::kHash)),
                WEIR_FINDING_OK);
    }
  }
}

TEST(TableBytesTest, AreOfBothEpochs) {
  EXPECT_EQ(TableBytes(TableTier::kMapped, 1), 2u * 2 * 128);
  EXPECT_EQ(TableBytes(TableTier::kMapped, 100000), 2u * 150000 * 128);
  EXPECT_EQ(TableBytes(TableTier::kHash, 100000), 2u * 100000 * 185);
  EXPECT_EQ(TableBytes(TableTier::kMapped, 1u << 24), uint64_t{6} << 30);
}

TEST(DiagnoseDatapathTest, MemoryIsThatOfTheConfiguration) {
  const auto memory = [](uint64_t available, TableTier tier) {
    KernelFeatures features = Everything();
    features.available_memory_bytes = available;
    KernelOptions options = Options(100000, 4 << 20);
    options.tier = tier;
    return Of("memory", DiagnoseDatapath(features, options, {}));
  };
  EXPECT_EQ(memory(uint64_t{1} << 34, TableTier::kHash).text,
            "about 39.3 MiB in the kernel for cache_max_flows 100000 and ring_bytes 4194304");
  EXPECT_THAT(memory(uint64_t{1} << 34, TableTier::kMapped).text, HasSubstr("about 40.6 MiB "));
  EXPECT_EQ(memory(uint64_t{1} << 34, TableTier::kMapped).severity, WEIR_FINDING_OK);
  EXPECT_EQ(memory(0, TableTier::kMapped).severity, WEIR_FINDING_OK);
  EXPECT_EQ(memory(50 << 20, TableTier::kMapped).severity, WEIR_FINDING_DEGRADED);
  EXPECT_THAT(memory(50 << 20, TableTier::kMapped).text,
              HasSubstr("more than half of the 50.0 MiB available"));
}

TEST(DiagnoseDatapathTest, AnOverflowThatNobodyReadsIsALoss) {
  const auto findings = DiagnoseDatapath(Everything(), Options(5000, 0), {});
  EXPECT_EQ(Of("overflow", findings).severity, WEIR_FINDING_DEGRADED);
  EXPECT_THAT(Of("overflow", findings).text, HasSubstr("counted as dropped"));
  EXPECT_THAT(Of("memory", findings).text, Not(HasSubstr("ring_bytes")));
}

TEST(DiagnoseDatapathTest, WhyTheProgramsDoNotLoadIsSaid) {
  const sdk::Status refused(WEIR_INTERNAL, "load BPF programs: refused by the kernel's verifier");
  const auto findings = DiagnoseDatapath(Everything(), Options(5000, 4096), refused);
  EXPECT_EQ(Of("BPF programs", findings).severity, WEIR_FINDING_MISSING);
  EXPECT_EQ(Of("BPF programs", findings).text, refused.message());
  // Nothing is reported if loading was not tried.
  for (const sdk::Finding& finding : DiagnoseDatapath(Nothing(Support::kYes, Support::kUnknown, 0),
                                                      Options(5000, 4096), refused)) {
    EXPECT_EQ(finding.subject, "memory");
  }
}

TEST(DiagnosePinsTest, SaysWhatIsInTheWay) {
  KernelOptions options = Options(5000, 4096);
  options.pin_path = "/sys/fs/bpf/weir";
  KernelFeatures features = Everything();
  const auto pins = [&](const sdk::Status& checked) {
    return Of("pin_path", DiagnosePins(features, options, checked));
  };
  EXPECT_EQ(pins({}).severity, WEIR_FINDING_OK);
  EXPECT_THAT(pins({}).text, HasSubstr("stay in /sys/fs/bpf/weir"));
  const sdk::Status in_the_way(WEIR_FAILED_PRECONDITION, "pin_path /x: is not a folder");
  EXPECT_EQ(pins(in_the_way).severity, WEIR_FINDING_MISSING);
  EXPECT_EQ(pins(in_the_way).text, in_the_way.message());
  features.tcx = Support::kNo;
  EXPECT_EQ(pins({}).severity, WEIR_FINDING_MISSING);
  EXPECT_THAT(pins({}).text, HasSubstr("needs TCX"));
}

}  // namespace
}  // namespace weir::ebpf
