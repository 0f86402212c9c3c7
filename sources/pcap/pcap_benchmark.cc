// SPDX-License-Identifier: Apache-2.0
// Measures the source on a capture in memory: packets of 10,000 flows in random order, IPv4 and
// IPv6, TCP and UDP. For comparison: the reader alone, the reader with the parser, and libpcap
// alone.
#include <pcap/pcap.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "benchmark/benchmark.h"
#include "bpf/packet.h"
#include "bpf/testing/packet_bytes.h"
#include "core/record/record.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/testing/bare_host.h"
#include "sources/pcap/formats/capture_reader.h"
#include "sources/pcap/formats/captured_packet.h"
#include "sources/pcap/formats/interface_table.h"
#include "sources/pcap/links/link_layer.h"
#include "sources/pcap/pcap.pb.h"
#include "sources/pcap/pcap_source.h"
#include "sources/pcap/testing/memory_file.h"
#include "sources/pcap/testing/memory_stream.h"
#include "sources/pcap/testing/test_capture.h"

namespace weir::pcap {
namespace {

constexpr uint32_t kPackets = 200'000;

std::string Frame(uint32_t flow) {
  using ebpf::operator+;
  const uint8_t protocol = (flow & 2) != 0 ? 6 : 17;
  const size_t payload = 20 + flow % 64;
  ebpf::Bytes bytes = (flow & 1) != 0 ? ebpf::Ethernet({0x86dd}) + ebpf::Ipv6(protocol, payload)
                                      : ebpf::Ethernet({0x0800}) + ebpf::Ipv4(protocol, payload);
  // The last bytes of the source address.
  const size_t address = (flow & 1) != 0 ? 14 + 8 + 12 : 14 + 12;
  for (int i = 0; i < 4; ++i) bytes[address + i] = static_cast<uint8_t>(flow >> (24 - 8 * i));
  bytes = bytes + ebpf::Transport(payload);
  return {bytes.begin(), bytes.end()};
}

template <typename Format>
const std::string& Capture() {
  static const auto* const capture = [] {
    Format made;
    uint32_t random = 1;
    for (uint32_t i = 0; i < kPackets; ++i) {
      random = random * 1664525 + 1013904223;
      made.Add(Frame((random >> 8) % 10'000), i / 1'000'000, i % 1'000'000);
    }
    return new std::string(made.bytes());
  }();
  return *capture;
}

// A host that reuses one zeroed batch, so that the benchmark measures the source and the
// zeroing, but not the allocator.
class ReusingHost : public sdk::testing::BareHost {
 public:
  ReusingHost() {
    table()->batch_allocate = [](weir_stage* stage, uint32_t rows, const weir_batch*) {
      return Of(stage)->Allocate(rows);
    };
    table()->batch_release = [](const weir_batch*) {};
    table()->emit = [](weir_stage* stage, weir_batch* batch) {
      Of(stage)->emitted_ += batch->size;
      benchmark::DoNotOptimize(batch->rows);
      return weir_code{WEIR_OK};
    };
  }

  uint64_t emitted() const { return emitted_; }  // records

 private:
  static ReusingHost* Of(weir_stage* stage) { return static_cast<ReusingHost*>(FromStage(stage)); }

  weir_batch* Allocate(uint32_t rows) {
    rows_.resize(rows);
    std::memset(rows_.data(), 0, rows * sizeof(Record));
    batch_ = {};
    batch_.struct_size = sizeof(batch_);
    batch_.stride = sizeof(Record);
    batch_.capacity = rows;
    batch_.rows = reinterpret_cast<uint8_t*>(rows_.data());
    return &batch_;
  }

  weir_batch batch_{};
  std::vector<Record> rows_;
  uint64_t emitted_ = 0;
};

void Read(benchmark::State& state, std::string_view bytes) {
  const MemoryFile file(bytes);
  sources::Pcap config;
  config.add_path(file.path());
  ReusingHost host;
  for (auto _ : state) {
    auto source = sources::PcapSource::Create(config, host.MakeStage());
    if (!source.ok() || !(*source)->Start().ok() || !(*source)->Run().ok()) {
      state.SkipWithError("the capture cannot be read");
      return;
    }
  }
  if (host.emitted() != kPackets * static_cast<uint64_t>(state.iterations()))
    state.SkipWithError("packets are missing");
  state.SetItemsProcessed(static_cast<int64_t>(host.emitted()));
}

void BM_Pcap(benchmark::State& state) { Read(state, Capture<TestPcap>()); }
BENCHMARK(BM_Pcap);

void BM_PcapGzip(benchmark::State& state) { Read(state, Gzip(Capture<TestPcap>())); }
BENCHMARK(BM_PcapGzip);

void BM_Pcapng(benchmark::State& state) { Read(state, Capture<TestPcapng>()); }
BENCHMARK(BM_Pcapng);

void BM_PcapZstd(benchmark::State& state) { Read(state, Zstd(Capture<TestPcap>())); }
BENCHMARK(BM_PcapZstd);

template <typename Handler>
void ReadWith(benchmark::State& state, const std::string& capture, Handler handler) {
  const std::atomic<bool> interrupted{false};
  uint64_t packets = 0;
  for (auto _ : state) {
    MemoryStream stream(capture);
    InterfaceTable table;
    OpenFailure failure{};
    auto reader = CaptureReader::Open(&stream, &interrupted, &table, &failure);
    if (!reader.ok()) return state.SkipWithError("the capture cannot be read");
    for (int read = 1; read > 0;) {
      sdk::Result<int> result = (*reader)->Read(1024, &handler);
      if (!result.ok()) return state.SkipWithError("the capture is damaged");
      read = *result;
      packets += static_cast<uint64_t>(read);
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(packets));
}

void BM_FloorReader(benchmark::State& state) {
  ReadWith(state, Capture<TestPcap>(),
           [](const CapturedPacket& packet) { benchmark::DoNotOptimize(packet); });
}
BENCHMARK(BM_FloorReader);

void BM_FloorReaderPcapng(benchmark::State& state) {
  ReadWith(state, Capture<TestPcapng>(),
           [](const CapturedPacket& packet) { benchmark::DoNotOptimize(packet); });
}
BENCHMARK(BM_FloorReaderPcapng);

void BM_LibpcapAlone(benchmark::State& state) {
  std::string capture = Capture<TestPcap>();
  for (auto _ : state) {
    char message[PCAP_ERRBUF_SIZE] = "";
    pcap_t* const reader =
        pcap_fopen_offline(fmemopen(capture.data(), capture.size(), "r"), message);
    if (reader == nullptr) return state.SkipWithError("the capture cannot be read");
    const auto handler = [](u_char* /*user*/, const pcap_pkthdr* header, const u_char* bytes) {
      benchmark::DoNotOptimize(header->len);
      benchmark::DoNotOptimize(bytes);
    };
    if (pcap_loop(reader, 0, handler, nullptr) != 0) state.SkipWithError("it is damaged");
    pcap_close(reader);
  }
  state.SetItemsProcessed(int64_t{kPackets} * state.iterations());
}
BENCHMARK(BM_LibpcapAlone);

void BM_FloorReaderAndParser(benchmark::State& state) {
  LinkParser parser;
  ReadWith(state, Capture<TestPcap>(), [&parser](const CapturedPacket& captured) {
    packet fields{};
    parser.Parse(LinkLayer::kEthernet, false, captured.bytes, captured.captured_bytes, &fields);
    benchmark::DoNotOptimize(fields);
  });
}
BENCHMARK(BM_FloorReaderAndParser);

}  // namespace
}  // namespace weir::pcap
