// SPDX-License-Identifier: Apache-2.0
// Any bytes as a capture, through the whole source: however they are damaged, what becomes
// of each packet is told, and memory is bounded. The first byte says what is done to the
// others before that: they may be compressed, so that a fuzzer gets through checksums.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "core/record/record.h"
#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"
#include "sources/pcap/pcap.pb.h"
#include "sources/pcap/pcap_source.h"
#include "sources/pcap/testing/test_capture.h"

namespace {

// Few bytes can unpack to many packets. Then the host takes no more.
constexpr uint64_t kMostEmitted = 100'000;

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

// The host's side, in which nothing is kept.
class CountingHost {
 public:
  CountingHost() {
    table_.struct_size = sizeof(table_);
    table_.log = [](weir_stage*, weir_severity, const char*, int, weir_string) {};
    table_.batch_allocate = &Allocate;
    table_.batch_release = [](const weir_batch* batch) { Free(batch); };
    table_.emit = &Emit;
    table_.count = &Count;
    table_.metric = [](weir_stage*, weir_metric_kind, const char*, const char*, const char*) {
      return static_cast<weir_metric*>(nullptr);
    };
    table_.metric_add = [](weir_metric*, int64_t) {};
    table_.clock_monotonic_ns = [](weir_stage*) { return uint64_t{0}; };
  }

  weir::sdk::Stage MakeStage() { return {&table_, reinterpret_cast<weir_stage*>(this), "fuzz"}; }

  uint64_t received = 0;
  uint64_t emitted = 0;
  uint64_t dropped = 0;

 private:
  static CountingHost* Of(weir_stage* stage) { return reinterpret_cast<CountingHost*>(stage); }

  static weir_batch* Allocate(weir_stage* /*stage*/, uint32_t rows, const weir_batch* /*like*/) {
    auto batch = std::make_unique<weir_batch>();
    *batch = {};
    batch->struct_size = sizeof(weir_batch);
    batch->stride = sizeof(weir::Record);
    batch->capacity = rows;
    batch->rows = reinterpret_cast<uint8_t*>(new weir::Record[rows]());
    return batch.release();
  }
  static void Free(const weir_batch* batch) {
    delete[] reinterpret_cast<const weir::Record*>(batch->rows);
    delete batch;
  }
  static weir_code Emit(weir_stage* stage, weir_batch* batch) {
    CountingHost* const host = Of(stage);
    Require(batch->size > 0, "an empty batch");
    for (uint32_t i = 0; i < batch->size; ++i) {
      const weir::Record& record = reinterpret_cast<const weir::Record*>(batch->rows)[i];
      Require(record.packets == 1, "not one packet");
      Require(record.start_wall_time_ns >= 0, "a time before 1970");
    }
    const bool taken = host->emitted < kMostEmitted;
    (taken ? host->emitted : host->dropped) += batch->size;
    Free(batch);
    return taken ? WEIR_OK : WEIR_CANCELLED;
  }
  static void Count(weir_stage* stage, weir_count what, const char* /*reason*/, uint64_t records) {
    if (what == WEIR_COUNT_RECEIVED) Of(stage)->received += records;
    if (what == WEIR_COUNT_DROPPED) Of(stage)->dropped += records;
  }

  weir_host table_{};
};

// What a file of that content would be read from.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : fd_(memfd_create("capture", MFD_CLOEXEC)) {
    Require(fd_ >= 0, "no file in memory");
    Require(write(fd_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
            "cannot write to memory");
  }
  ~MemoryFile() { close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  // Of a new descriptor, which begins at the beginning.
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  const int fd_;
};

void ReadCapture(std::string_view bytes) {
  const MemoryFile file(bytes);
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
