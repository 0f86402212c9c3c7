// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/counters_report.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace weir::ebpf {

namespace {

constexpr uint64_t kWarningIntervalNs = 10'000'000'000;

constexpr const char* kFilterHelp =
    "Packets by the decision of the filter rules. Rejected and unmatched ones are in no flow.";

// In the order of enum weir_table_failure.
constexpr const char* kFailures[WEIR_TABLE_FAILURES] = {"full", "busy", "crowded", "other"};

}  // namespace

CountersReport::CountersReport(const sdk::Stage* stage, uint32_t max_flows)
    : stage_(stage),
      max_flows_(max_flows),
      packets_(stage->Counter("weir_datapath_packets_total",
                              "Packets that the programs accounted or dropped.")),
      bytes_(stage->Counter("weir_datapath_bytes_total", "Bytes of these packets.")),
      table_packets_(stage->Counter("weir_datapath_table_packets_total",
                                    "Packets counted in the flow table.")),
      ringbuf_packets_(stage->Counter("weir_datapath_ringbuf_packets_total",
                                      "Packets that went through the ring buffer, one by one.")),
      dropped_packets_(
          stage->Counter("weir_datapath_dropped_packets_total",
                         "Packets that are in no flow: neither table nor ring buffer had room.")),
      dropped_bytes_(
          stage->Counter("weir_datapath_dropped_bytes_total", "Bytes of these packets.")),
      sampled_out_packets_(stage->Counter("weir_datapath_sampled_out_packets_total",
                                          "Packets left out by sampling.")),
      filter_accepted_(
          stage->Counter("weir_datapath_filter_packets_total", kFilterHelp, "accepted")),
      filter_rejected_(
          stage->Counter("weir_datapath_filter_packets_total", kFilterHelp, "rejected")),
      filter_unmatched_(
          stage->Counter("weir_datapath_filter_packets_total", kFilterHelp, "unmatched")),
      fragments_(stage->Counter("weir_datapath_fragments_total",
                                "IP fragments other than the first: they carry no ports.")),
      truncated_(stage->Counter("weir_datapath_truncated_total",
                                "Packets with a header that is cut off, malformed or too deep.")),
      warnings_(1, kWarningIntervalNs) {
  for (int i = 0; i < WEIR_TABLE_FAILURES; ++i) {
    table_failures_[i] = stage->Counter("weir_datapath_table_failures_total",
                                        "Packets that the flow table did not take.", kFailures[i]);
  }
}

void CountersReport::Export(const DatapathCounters& counters) {
  const auto set = [](sdk::Metric* metric, uint64_t value) {
    metric->Set(static_cast<int64_t>(value));
  };
  set(&packets_, counters.packets());
  set(&bytes_, counters.bytes());
  set(&table_packets_, counters.table_packets);
  set(&ringbuf_packets_, counters.kernel.ringbuf_packets);
  set(&dropped_packets_, counters.kernel.dropped_packets);
  set(&dropped_bytes_, counters.kernel.dropped_bytes);
  set(&sampled_out_packets_, counters.kernel.sampled_out_packets);
  set(&filter_accepted_, counters.kernel.filter_accepted);
  set(&filter_rejected_, counters.kernel.filter_rejected);
  set(&filter_unmatched_, counters.kernel.filter_unmatched);
  set(&fragments_, counters.kernel.fragments);
  set(&truncated_, counters.kernel.truncated);
  for (int i = 0; i < WEIR_TABLE_FAILURES; ++i)
    set(&table_failures_[i], counters.kernel.table_failures[i]);
}

void CountersReport::WarnOfDrops(const DatapathCounters& counters) {
  std::string why;
  for (int i = 0; i < WEIR_TABLE_FAILURES; ++i) {
    const uint64_t failures = counters.kernel.table_failures[i] - warned_.table_failures[i];
    if (failures > 0) absl::StrAppend(&why, why.empty() ? "" : ", ", kFailures[i], " ", failures);
  }
  stage_->Log(
      WEIR_LOG_WARNING,
      absl::StrCat(counters.kernel.dropped_packets - warned_.dropped_packets, " packets (",
                   counters.kernel.dropped_bytes - warned_.dropped_bytes,
                   " bytes) are in no flow (flow table: ", why, "): raise cache_max_flows (",
                   max_flows_, " now), or add an ebpf_ringbuf or give it more ring_bytes"));
  warned_ = counters.kernel;
}

void CountersReport::Update(const DatapathCounters& counters) {
  Export(counters);
  if (counters.kernel.dropped_packets > warned_.dropped_packets &&
      warnings_.Allow(stage_->MonotonicNs())) {
    WarnOfDrops(counters);
  }
}

void CountersReport::Finish(const DatapathCounters& counters) {
  Export(counters);
  if (counters.kernel.dropped_packets > warned_.dropped_packets) WarnOfDrops(counters);
  std::string text = absl::StrCat(
      "packets ", counters.packets(), " = table ", counters.table_packets, " + ring buffer ",
      counters.kernel.ringbuf_packets, " + dropped ", counters.kernel.dropped_packets);
  if (counters.kernel.sampled_out_packets > 0) {
    absl::StrAppend(&text, "; left out by sampling ", counters.kernel.sampled_out_packets);
  }
  if (counters.kernel.filter_rejected + counters.kernel.filter_unmatched > 0) {
    absl::StrAppend(&text, "; left out by filter rules ", counters.kernel.filter_rejected,
                    " rejected, ", counters.kernel.filter_unmatched, " unmatched");
  }
  stage_->Log(WEIR_LOG_INFO, text);
}

}  // namespace weir::ebpf
