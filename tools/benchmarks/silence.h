// SPDX-License-Identifier: Apache-2.0
// What a benchmark's stages print, thrown away.
#ifndef WEIR_TOOLS_BENCHMARKS_SILENCE_H_
#define WEIR_TOOLS_BENCHMARKS_SILENCE_H_

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "plugins/sdk/unique_fd.h"

namespace weir::benchmarks {

// While it lives, what is written to standard output is thrown away. One at a time.
class Silence {
 public:
  Silence() : output_(dup(STDOUT_FILENO)) {
    std::fflush(stdout);
    const sdk::UniqueFd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
    works_ = output_.get() >= 0 && null.get() >= 0 && dup2(null.get(), STDOUT_FILENO) >= 0;
  }
  ~Silence() {
    if (output_.get() >= 0) dup2(output_.get(), STDOUT_FILENO);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

  bool works() const { return works_; }

 private:
  const sdk::UniqueFd output_;
  bool works_ = false;
};

}  // namespace weir::benchmarks

#endif  // WEIR_TOOLS_BENCHMARKS_SILENCE_H_
