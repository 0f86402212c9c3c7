// SPDX-License-Identifier: Apache-2.0
// Prepares the process before any other code runs. One thread, before all others.
#ifndef WEIR_TOOLS_WEIR_PROCESS_START_H_
#define WEIR_TOOLS_WEIR_PROCESS_START_H_

namespace weir {

// Opens /dev/null in place of standard input, output and error if they are closed. Otherwise the
// next opened file gets such a number, and output goes into that file. Returns true if standard
// output was closed. Ends the process with kExitFailed if /dev/null cannot be opened.
bool OpenStandardStreams();

// For the rest of the process:
// - Ignores SIGXFSZ, so a write beyond the file size limit (RLIMIT_FSIZE) fails with EFBIG.
// - Handles a std::bad_alloc that no thread catches: prints "out of memory" and ends the process
//   with kExitFailed.
void SetProcessHandlers();

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_PROCESS_START_H_
