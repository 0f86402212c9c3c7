// SPDX-License-Identifier: Apache-2.0
// The threads and file descriptors of a process, which a plugin must give back.
#ifndef WEIR_CORE_CONFORMANCE_PROCESS_STATE_H_
#define WEIR_CORE_CONFORMANCE_PROCESS_STATE_H_

#include <map>
#include <set>
#include <string>

namespace weir::conformance {

// Returns the thread ids of this process, from /proc/self/task.
std::set<int> Threads();

// Waits up to two seconds until no thread exists that is not in `before`, because /proc may
// still list a thread shortly after it was joined. Returns the number of threads left.
size_t ThreadsLeft(const std::set<int>& before);

// Returns the open file descriptors of this process and their targets, from /proc/self/fd.
std::map<int, std::string> FileDescriptors();

}  // namespace weir::conformance

#endif  // WEIR_CORE_CONFORMANCE_PROCESS_STATE_H_
