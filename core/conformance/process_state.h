// SPDX-License-Identifier: Apache-2.0
// What a process has that a plugin must give back: threads and file descriptors.
#ifndef WEIR_CORE_CONFORMANCE_PROCESS_STATE_H_
#define WEIR_CORE_CONFORMANCE_PROCESS_STATE_H_

#include <map>
#include <set>
#include <string>

namespace weir::conformance {

// Thread ids of this process, from /proc/self/task.
std::set<int> Threads();

// Waits up to two seconds for all threads but those of `before` to be gone (one that was joined
// may still be listed for a moment); returns how many are not.
size_t ThreadsLeft(const std::set<int>& before);

// The open file descriptors of this process and what each is of, from /proc/self/fd.
std::map<int, std::string> FileDescriptors();

}  // namespace weir::conformance

#endif  // WEIR_CORE_CONFORMANCE_PROCESS_STATE_H_
