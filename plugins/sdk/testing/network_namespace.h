// SPDX-License-Identifier: Apache-2.0
// A network namespace for one test. Needs root. Tests only.
//
//   ScopedNetworkNamespace network;
//   if (!network.ok()) GTEST_SKIP() << "SKIPPED: " << network.why_not();
//   ASSERT_EQ(RunCommand({"ip", "link", "add", "a", "type", "veth", "peer", "name", "b"}), "");
#ifndef WEIR_PLUGINS_SDK_TESTING_NETWORK_NAMESPACE_H_
#define WEIR_PLUGINS_SDK_TESTING_NETWORK_NAMESPACE_H_

#include <string>
#include <vector>

namespace weir::sdk::testing {

// Moves the calling thread into a new network namespace; threads and processes that it then starts
// are born there. The destructor moves the thread back, and must run on the same thread. The kernel
// removes the namespace and its links when no process is left in it.
class ScopedNetworkNamespace {
 public:
  ScopedNetworkNamespace();
  ~ScopedNetworkNamespace();
  ScopedNetworkNamespace(const ScopedNetworkNamespace&) = delete;
  ScopedNetworkNamespace& operator=(const ScopedNetworkNamespace&) = delete;

  // True if the thread is in the new namespace.
  bool ok() const { return why_not_.empty(); }
  // The privilege or feature that is missing; empty if ok().
  const std::string& why_not() const { return why_not_; }

 private:
  int original_fd_ = -1;
  std::string why_not_;
};

// Runs a program from the system's folders and waits for its end. Returns "" if it exits with 0,
// else a message with its output.
std::string RunCommand(const std::vector<std::string>& arguments);

}  // namespace weir::sdk::testing

#endif  // WEIR_PLUGINS_SDK_TESTING_NETWORK_NAMESPACE_H_
