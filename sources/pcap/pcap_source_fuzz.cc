// SPDX-License-Identifier: Apache-2.0
// Reads any bytes as a capture, through the whole source. Whatever the damage, every packet is
// accounted for, and memory is bounded. The first byte decides whether the other bytes are
// compressed first, so that a fuzzer gets past checksums.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "core/record/batch.h"
#include "core/record/record.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/testing/bare_host.h"
#include "sources/pcap/pcap.pb.h"
#include "sources/pcap/pcap_source.h"
#include "sources/pcap/testing/memory_file.h"
#include "sources/pcap/testing/test_capture.h"

namespace {

// A few bytes can decompress to many packets. Beyond this number the host refuses them.
constexpr uint64_t kMostEmitted = 100'000;

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

// Checks every emitted record and counts the records of the stage.
class CountingHost : public weir::sdk::testing::BareHost {
 public:
  CountingHost() {
    table()->emit = &Emit;
    table()->count = &Count;
  }

  uint64_t received = 0;
  uint64_t emitted = 0;
  uint64_t dropped = 0;

 private:
  static CountingHost* Of(weir_stage* stage) {
    return static_cast<CountingHost*>(FromStage(stage));
  }

  static weir_code Emit(weir_stage* stage, weir_batch* batch) {
    CountingHost* const host = Of(stage);
    Require(batch->size > 0, "an empty batch");
    for (const weir::Record& record : weir::BatchView(batch)) {
      Require(record.packets == 1, "not one packet");
      Require(record.start_wall_time_ns >= 0, "a time before 1970");
    }
    const bool taken = host->emitted < kMostEmitted;
    (taken ? host->emitted : host->dropped) += batch->size;
    Release(batch);
    return taken ? WEIR_OK : WEIR_CANCELLED;
  }
  static void Count(weir_stage* stage, weir_count what, const char* /*reason*/, uint64_t records) {
    if (what == WEIR_COUNT_RECEIVED) Of(stage)->received += records;
    if (what == WEIR_COUNT_DROPPED) Of(stage)->dropped += records;
  }
};

void ReadCapture(std::string_view bytes) {
  const weir::pcap::MemoryFile file(bytes);
  weir::sources::Pcap config;
  config.add_path(file.path());
  CountingHost host;
  auto source = weir::sources::PcapSource::Create(config, host.MakeStage());
  Require(source.ok() && (*source)->Start().ok(), "does not start");
  const weir::sdk::Status status = (*source)->Run();
  Require(status.ok() || status.code() == WEIR_DATA_LOSS || status.code() == WEIR_CANCELLED ||
              status.code() == WEIR_RESOURCE_EXHAUSTED,
          "fails in a way that it should not");
  Require((*source)->Stop().ok(), "does not stop");
  Require(host.received == host.emitted + host.dropped, "the balance does not hold");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      ReadCapture(weir::pcap::Gzip(bytes, 1));
      break;
    case 1:
      ReadCapture(weir::pcap::Zstd(bytes));
      break;
    default:
      ReadCapture(bytes);
  }
  return 0;
}
