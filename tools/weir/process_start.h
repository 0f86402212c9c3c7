// SPDX-License-Identifier: Apache-2.0
// What the process needs before anything else in it runs.
#ifndef WEIR_TOOLS_WEIR_PROCESS_START_H_
#define WEIR_TOOLS_WEIR_PROCESS_START_H_

namespace weir {

// Opens /dev/null for each of standard input, output and error that is closed: the next file that
// is opened would get its number, and what is printed would go into that file. True if
// standard output was closed. Ends the process with kExitFailed if /dev/null cannot be opened.
bool OpenStandardStreams();

// Ignores SIGXFSZ: a write to a file that has its size limit (RLIMIT_FSIZE) fails with EFBIG.
// Handles std::bad_alloc that no thread caught: prints "out of memory" and ends the process with
// kExitFailed. Both for the rest of the process.
void SetProcessHandlers();

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_PROCESS_START_H_
