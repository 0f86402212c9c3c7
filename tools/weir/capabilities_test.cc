// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/capabilities.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <future>
#include <string>
#include <thread>

#include "absl/base/config.h"  // keep: ABSL_HAVE_THREAD_SANITIZER
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace weir {
namespace {

constexpr uint64_t kKill = 1 << 5;
constexpr uint64_t kNetAdmin = 1 << 12;

// The number of sets, of CapInh, CapPrm, CapEff and CapAmb of a thread, that have one of `bits`.
uint64_t SetsWith(uint64_t bits, const std::string& thread) {
  std::ifstream status(absl::StrCat("/proc/self/task/", thread, "/status"));
  uint64_t sets = 0;
  uint64_t value = 0;
  for (std::string name, text; status >> name;) {
    const bool is_set = name == "CapInh:" || name == "CapPrm:" || name == "CapEff:";
    if (!is_set && name != "CapAmb:") continue;
    status >> text;
    if (absl::SimpleHexAtoi(text, &value) && (value & bits) != 0) ++sets;
  }
  return sets;
}

// Runs in another process. Its result is 0 if nothing failed.
int InChild(int (*body)()) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(CapabilitySetTest, HasNames) {
  EXPECT_EQ(CapabilitySet().ToString(), "");
  EXPECT_EQ(CapabilitySet(uint64_t{1} << 38).ToString(), "CAP_PERFMON");
  EXPECT_EQ(CapabilitySet(uint64_t{1} << 39 | kNetAdmin | uint64_t{1} << 63).ToString(),
            "CAP_NET_ADMIN, CAP_BPF, capability 63");
}

TEST(GiveUpCapabilitiesTest, TheyAreGoneFromThisThreadAndThoseMadeLater) {
  if (SetsWith(kKill, std::to_string(gettid())) == 0) {
    GTEST_SKIP() << "SKIPPED: needs a capability that it can give up";
  }
#ifdef ABSL_HAVE_THREAD_SANITIZER
  GTEST_SKIP() << "SKIPPED: ThreadSanitizer has a thread of its own";
#endif
  EXPECT_EQ(InChild([] {
              const absl::StatusOr<CapabilitySet> had = GiveUpCapabilities(CapabilitySet(kKill));
              if (!had.ok() || had->bits() != kKill) return 1;
              if (SetsWith(kKill, std::to_string(gettid())) != 0) return 2;
              uint64_t later = 0;
              std::thread([&later] { later = SetsWith(kKill, std::to_string(gettid())); }).join();
              if (later != 0) return 3;
              // The other capabilities stay.
              if (SetsWith(~kKill, std::to_string(gettid())) == 0) return 4;
              const auto again = GiveUpCapabilities(CapabilitySet(kKill));
              return again.ok() && again->empty() ? 0 : 5;
            }),
            0);
}

TEST(GiveUpCapabilitiesTest, NotBesideAThreadThatKeepsThem) {
  if (SetsWith(kNetAdmin, std::to_string(gettid())) == 0) {
    GTEST_SKIP() << "SKIPPED: needs a capability that a thread can keep";
  }
  std::promise<void> end;
  std::thread other([&end] { end.get_future().wait(); });
  const uint64_t before = SetsWith(~uint64_t{0}, std::to_string(gettid()));
  const auto given_up = GiveUpCapabilities(CapabilitySet(kNetAdmin));
  end.set_value();
  other.join();
  EXPECT_EQ(given_up.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(given_up.status().message(),
            "give up CAP_NET_ADMIN: another thread has CAP_NET_ADMIN too");
  EXPECT_EQ(SetsWith(~uint64_t{0}, std::to_string(gettid())), before);
}

TEST(GiveUpCapabilitiesTest, AThreadWithoutAnyDoesNotMatter) {
#ifdef ABSL_HAVE_THREAD_SANITIZER
  GTEST_SKIP() << "SKIPPED: ThreadSanitizer has a thread of its own";
#endif
  EXPECT_EQ(InChild([] {
              std::promise<uint64_t> left;
              std::promise<void> end;
              std::thread other([&] {
                const absl::Status status = GiveUpAllCapabilitiesOfThread();
                const uint64_t sets = SetsWith(~uint64_t{0}, std::to_string(gettid()));
                left.set_value(status.ok() ? sets : 100);
                end.get_future().wait();
              });
              const uint64_t sets = left.get_future().get();
              const auto given_up = GiveUpCapabilities(CapabilitySet(kKill));
              end.set_value();
              other.join();
              return sets > 0 ? 1 : given_up.ok() ? 0 : 2;
            }),
            0);
}

}  // namespace
}  // namespace weir
