// SPDX-License-Identifier: Apache-2.0
// Sends packets of many flows into an interface, millions in a second and each exactly once
// (bpf/testing/traffic_generator.bpf.c). For tests and benchmarks only.
//
// The kernel makes them (BPF_F_TEST_XDP_LIVE_FRAMES, 5.18 and later) as if the interface had
// received them: they pass the programs at its TC ingress hook. The interface's own counters do not
// count them.
#ifndef WEIR_SOURCES_EBPF_TESTING_TRAFFIC_GENERATOR_H_
#define WEIR_SOURCES_EBPF_TESTING_TRAFFIC_GENERATOR_H_

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "bpf/testing/traffic_generator.h"
#include "plugins/sdk/status.h"

struct traffic_generator_bpf;

namespace weir::ebpf {

// The sent frames of a family.
struct SentTraffic {
  uint64_t packets = 0;
  uint64_t bytes = 0;
};

// Binds the calling thread to a processor.
sdk::Status RunOnCpu(int cpu);
// The processors that the calling thread may run on; never empty.
std::vector<int> AvailableCpus();

// Any thread may call Send at any time.
class TrafficGenerator {
 public:
  // Opens a generator for an interface of the calling thread's network namespace. The packets
  // belong to `flows` flows per family (at most 2^24), one after the other. Returns
  // PERMISSION_DENIED or UNIMPLEMENTED if this process or this kernel cannot.
  static sdk::Result<std::unique_ptr<TrafficGenerator>> Open(uint32_t if_index, uint32_t flows);
  TrafficGenerator(const TrafficGenerator&) = delete;
  TrafficGenerator& operator=(const TrafficGenerator&) = delete;
  ~TrafficGenerator();

  // Sends `count` UDP packets on the calling thread, which must be in the interface's network
  // namespace. A call costs about as much as 1,000 packets.
  sdk::Status Send(weir_frame_family family, uint32_t count);

  // Returns the frames sent by calls that have returned, as counted by the kernel's program.
  sdk::Result<std::array<SentTraffic, WEIR_FRAME_FAMILIES>> Sent() const;

 private:
  struct DestroySkeleton {
    void operator()(traffic_generator_bpf* skeleton) const;
  };

  explicit TrafficGenerator(uint32_t if_index) : if_index_(if_index) {}

  const uint32_t if_index_;
  std::unique_ptr<traffic_generator_bpf, DestroySkeleton> skeleton_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TESTING_TRAFFIC_GENERATOR_H_
