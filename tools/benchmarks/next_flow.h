// SPDX-License-Identifier: Apache-2.0
// Runs a program on packets of many flows, with no interface (BPF_PROG_TEST_RUN and
// bpf/testing/next_flow.bpf.c).
#ifndef WEIR_TOOLS_BENCHMARKS_NEXT_FLOW_H_
#define WEIR_TOOLS_BENCHMARKS_NEXT_FLOW_H_

#include <cstdint>
#include <memory>
#include <string>

#include "plugins/sdk/status.h"

struct next_flow_bpf;

namespace weir::benchmarks {

// TCP packets without payload, each of another flow until all had one.
struct Traffic {
  uint32_t flows = 1;  // a power of two, 2^24 at most
  bool ipv6 = false;

  std::string Name() const;  // "1024 flows, IPv4"
};

// One thread at a time.
class NextFlow {
 public:
  // `program_fd` is of a program for a TCX hook and ingress; -1: of one that does nothing.
  static sdk::Result<std::unique_ptr<NextFlow>> Open(int program_fd);
  ~NextFlow();

  // The program that does nothing; valid as long as this.
  int empty_fd() const;

  // What comes next is of the traffic's flows: one after the other, or in an order that has
  // nothing to do with that, so that what came first is not what lies beside it in memory.
  enum class Order { kAscending, kMixed };
  void Begin(const Traffic& traffic, Order order);
  // Runs the program on the next packets. The processor time of each, in ns; the way to
  // the program included, which is what a program that does nothing costs.
  sdk::Result<double> Run(uint32_t packets);

 private:
  struct DestroySkeleton {
    void operator()(next_flow_bpf* skeleton) const;
  };

  NextFlow() = default;

  std::unique_ptr<next_flow_bpf, DestroySkeleton> skeleton_;
  Traffic traffic_;
};

}  // namespace weir::benchmarks

#endif  // WEIR_TOOLS_BENCHMARKS_NEXT_FLOW_H_
