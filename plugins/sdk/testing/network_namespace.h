// SPDX-License-Identifier: Apache-2.0
// A network namespace for one test. Tests only.
//
//   ScopedNetworkNamespace network;
//   if (!network.ok()) GTEST_SKIP() << "SKIPPED: " << network.why_not();
//   ASSERT_EQ(RunCommand({"ip", "link", "add", "a", "type", "veth", "peer", "name", "b"}), "");
#ifndef WEIR_PLUGINS_SDK_TESTING_NETWORK_NAMESPACE_H_
#define WEIR_PLUGINS_SDK_TESTING_NETWORK_NAMESPACE_H_

#include <string>
#include <vector>

namespace weir::sdk::testing {

// Moves the calling thread, and the threads and processes it starts from then on,
// into a new namespace; back at the end, on the same thread, which ends the
// namespace and all links in it once nothing else is left there.
class ScopedNetworkNamespace {
 public:
  ScopedNetworkNamespace();
  ~ScopedNetworkNamespace();
  ScopedNetworkNamespace(const ScopedNetworkNamespace&) = delete;
  ScopedNetworkNamespace& operator=(const ScopedNetworkNamespace&) = delete;

  bool ok() const { return why_not_.empty(); }
  // The privilege or feature that is missing.
  const std::string& why_not() const { return why_not_; }

 private:
  int original_fd_ = -1;
  std::string why_not_;
};

// Runs a program from the path and waits for its end. Empty if it ended with 0, else
// what went wrong, with what it wrote.
std::string RunCommand(const std::vector<std::string>& arguments);

}  // namespace weir::sdk::testing

#endif  // WEIR_PLUGINS_SDK_TESTING_NETWORK_NAMESPACE_H_
