// SPDX-License-Identifier: Apache-2.0
// write(2) until all is written, on descriptors that block and on those that do not.
#ifndef WEIR_SINKS_STDOUT_WRITE_ALL_H_
#define WEIR_SINKS_STDOUT_WRITE_ALL_H_

#include <cstddef>
#include <string_view>

namespace weir::sinks {

// 0, or the errno that ended it (EPIPE when the reader of a pipe has gone; SIGPIPE must
// be ignored). `written` says how many bytes were written in either case. Waits as long
// as the reader does.
int WriteAll(int fd, std::string_view text, size_t* written);

}  // namespace weir::sinks

#endif  // WEIR_SINKS_STDOUT_WRITE_ALL_H_
