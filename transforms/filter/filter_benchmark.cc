// SPDX-License-Identifier: Apache-2.0
// Measures an expression per record, beside the same condition in C++.
#include <cstdint>
#include <cstring>
#include <random>
#include <string_view>
#include <vector>

#include "benchmark/benchmark.h"
#include "core/record/constants.h"
#include "core/record/ip_addr.h"
#include "core/record/record.h"
#include "transforms/filter/expression.h"
#include "transforms/filter/program.h"

namespace weir::transforms {
namespace {

// Few enough for the second-level cache, so that the program is measured and not the memory.
constexpr size_t kRecords = 4096;

constexpr std::string_view kSimple = "dst_port == 443";
constexpr std::string_view kComplex =
    "src_addr in (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fd00::/8) "
    "and dst_port in (80, 443, 8000-8999) and not proto == icmp "
    "and tcp_flags any (syn, fin, rst) or bytes > 1MB or interface == 'wg*'";

std::vector<Record> Records() {
  std::mt19937 random(1);
  constexpr uint16_t kPorts[] = {443, 80, 8080, 22, 53, 5353, 50000, 123};
  std::vector<Record> records(kRecords);
  for (Record& record : records) {
    const IpAddr source = IpAddr::FromV4((random() % 2 == 0 ? 0x0A000000u : 0xC0000200u) |
                                         static_cast<uint32_t>(random() & 0xff));
    std::memcpy(record.src_addr, source.bytes.data(), kIpLength);
    std::memcpy(record.dst_addr, IpAddr::FromV4(0xC6336401u).bytes.data(), kIpLength);
    record.dst_port = kPorts[random() % 8];
    record.transport_protocol = random() % 2 == 0 ? 6 : 17;
    record.bytes = 1 + random() % 2'000'000;
    record.present = WEIR_HAS_TCP_FLAGS;
    record.tcp_flags = static_cast<uint16_t>(random() & 0x1f);
    SetInterfaceName("eth0", &record);
  }
  return records;
}

template <typename Matches>
void Measure(benchmark::State& state, Matches matches) {
  const std::vector<Record> records = Records();
  for (auto _ : state) {
    size_t passed = 0;
    for (const Record& record : records) passed += matches(record) ? 1 : 0;
    benchmark::DoNotOptimize(passed);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kRecords));
}

void BM_Filter(benchmark::State& state, std::string_view text) {
  sdk::Result<Expression> expression = ParseExpression(text);
  if (!expression.ok()) {
    state.SkipWithError(expression.status().message().c_str());
    return;
  }
  const Program program(*expression);
  Measure(state, [&](const Record& record) { return program.Matches(record); });
}
BENCHMARK_CAPTURE(BM_Filter, simple, kSimple);
BENCHMARK_CAPTURE(BM_Filter, complex, kComplex);

void BM_BaselineFilterSimple(benchmark::State& state) {
  Measure(state, [](const Record& record) { return record.dst_port == 443; });
}
BENCHMARK(BM_BaselineFilterSimple);

void BM_BaselineFilterComplex(benchmark::State& state) {
  Measure(state, [](const Record& record) {
    const IpAddr source = SrcAddr(record);
    const uint32_t v4 = source.IntEncodeV4();
    const bool is_private = source.IsV4()
                                ? v4 >> 24 == 10 || v4 >> 20 == 0xAC1 || v4 >> 16 == 0xC0A8
                                : source.bytes[0] == 0xfd;
    const uint16_t port = record.dst_port;
    return (is_private && (port == 80 || port == 443 || (port >= 8000 && port <= 8999)) &&
            record.transport_protocol != 1 && (record.present & WEIR_HAS_TCP_FLAGS) != 0 &&
            (record.tcp_flags & 7) != 0) ||
           record.bytes > 1'000'000 || std::memcmp(record.interface_name, "wg", 2) == 0;
  });
}
BENCHMARK(BM_BaselineFilterComplex);

void BM_ParseExpression(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(ParseExpression(kComplex).ok());
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
BENCHMARK(BM_ParseExpression);

}  // namespace
}  // namespace weir::transforms
