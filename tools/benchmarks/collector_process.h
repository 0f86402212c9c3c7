// SPDX-License-Identifier: Apache-2.0
// Another weir, which takes what is sent to it by gRPC and throws it away.
#ifndef WEIR_TOOLS_BENCHMARKS_COLLECTOR_PROCESS_H_
#define WEIR_TOOLS_BENCHMARKS_COLLECTOR_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "plugins/sdk/status.h"

namespace weir::benchmarks {

// One thread.
class CollectorProcess {
 public:
  // Starts the program `weir` with a pipeline file in `folder`. It may take a moment until
  // it listens.
  static sdk::Result<std::unique_ptr<CollectorProcess>> Start(const std::string& weir,
                                                              const std::string& folder);
  // Ends it.
  ~CollectorProcess();
  CollectorProcess(const CollectorProcess&) = delete;
  CollectorProcess& operator=(const CollectorProcess&) = delete;

  // host:port.
  const std::string& target() const { return target_; }
  // The processor time that it has had, in ns; 0 if the kernel does not say.
  int64_t CpuNs() const;

 private:
  CollectorProcess(std::string target, pid_t pid) : target_(std::move(target)), pid_(pid) {}

  const std::string target_;
  const pid_t pid_;
};

}  // namespace weir::benchmarks

#endif  // WEIR_TOOLS_BENCHMARKS_COLLECTOR_PROCESS_H_
