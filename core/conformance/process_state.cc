// SPDX-License-Identifier: Apache-2.0
#include "core/conformance/process_state.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <system_error>
#include <thread>  // keep: only ThreadSanitizer needs it

#include "absl/base/config.h"  // keep: ABSL_HAVE_THREAD_SANITIZER
#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace weir::conformance {
namespace {

constexpr absl::Duration kMaxThreadExitTime = absl::Seconds(2);

// ThreadSanitizer starts a thread of its own with the first std::thread of a process. It must
// exist before the threads of a plugin are counted.
void StartThreadOfSanitizer() {
#ifdef ABSL_HAVE_THREAD_SANITIZER
  static const bool started = [] {
    std::thread([] {}).join();
    return true;
  }();
  static_cast<void>(started);
#endif
}

}  // namespace

std::set<int> Threads() {
  StartThreadOfSanitizer();
  std::set<int> threads;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc/self/task", error), end;
       !error && entry != end; entry.increment(error)) {
    int thread = 0;
    if (absl::SimpleAtoi(entry->path().filename().string(), &thread)) threads.insert(thread);
  }
  return threads;
}

size_t ThreadsLeft(const std::set<int>& before) {
  const absl::Time deadline = absl::Now() + kMaxThreadExitTime;
  while (true) {
    const std::set<int> now = Threads();
    const auto left = std::count_if(now.begin(), now.end(),
                                    [&](int thread) { return before.count(thread) == 0; });
    if (left == 0 || absl::Now() > deadline) return static_cast<size_t>(left);
    absl::SleepFor(absl::Milliseconds(1));  // poll interval
  }
}

std::map<int, std::string> FileDescriptors() {
  std::map<int, std::string> result;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end;
       !error && entry != end; entry.increment(error)) {
    int number = 0;
    std::error_code gone;
    const std::filesystem::path target = std::filesystem::read_symlink(entry->path(), gone);
    // Leave out the descriptor that reads this folder.
    if (gone || target.filename() == "fd") continue;
    if (absl::SimpleAtoi(entry->path().filename().string(), &number)) {
      result[number] = target.string();
    }
  }
  return result;
}

}  // namespace weir::conformance
