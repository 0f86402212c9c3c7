// SPDX-License-Identifier: Apache-2.0
//
// Runs of the source `pcap` over captures that a test makes.
#ifndef WEIR_SOURCES_PCAP_TESTING_RUN_CAPTURE_H_
#define WEIR_SOURCES_PCAP_TESTING_RUN_CAPTURE_H_

#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bpf/testing/packet_bytes.h"
#include "core/record/record.h"
#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sources/pcap/pcap.pb.h"
#include "sources/pcap/pcap_source.h"
#include "sources/pcap/testing/test_capture.h"

namespace weir::sources {

inline std::string Text(const ebpf::Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

// A frame with a TCP segment of `payload` bytes.
inline std::string Frame(size_t payload = 0) {
  using ebpf::operator+;
  return Text(ebpf::Ethernet({0x0800}) + ebpf::Ipv4(6, 20 + payload) +
              ebpf::Transport(20 + payload));
}

inline std::string CaptureFile(const std::string& name, const std::string& bytes) {
  const std::string path = ::testing::TempDir() + name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

inline Pcap Config(const std::vector<std::string>& paths) {
  Pcap config;
  for (const std::string& path : paths) config.add_path(path);
  return config;
}

inline std::unique_ptr<PcapSource> Make(sdk::testing::FakeHost* host, const Pcap& config) {
  auto made = sdk::testing::MakeComponent<PcapSource>(host, config);
  EXPECT_TRUE(made.ok()) << made.status().message();
  return *std::move(made);
}

// A whole run over the files; its result.
inline sdk::Status RunFiles(sdk::testing::FakeHost* host, const std::vector<std::string>& paths) {
  const auto source = Make(host, Config(paths));
  if (sdk::Status status = source->Start(); !status.ok()) return status;
  sdk::Status status = source->Run();
  EXPECT_TRUE(source->Stop().ok());
  host->ExpectBalanced();
  return status;
}

inline std::string OnePacket(size_t payload = 0) {
  pcap::TestPcap capture;
  capture.Add(Frame(payload));
  return capture.bytes();
}

inline std::vector<Record> RecordsOf(const std::string& capture) {
  sdk::testing::FakeHost host;
  const sdk::Status status = RunFiles(&host, {CaptureFile("capture", capture)});
  EXPECT_TRUE(status.ok()) << status.message();
  return host.records();
}

}  // namespace weir::sources

#endif  // WEIR_SOURCES_PCAP_TESTING_RUN_CAPTURE_H_
