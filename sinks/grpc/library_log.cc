// SPDX-License-Identifier: Apache-2.0
#include "sinks/grpc/library_log.h"

#include <grpc/support/log.h>

#include <cstdlib>

namespace weir::sinks {

void SilenceLibraryLog() {
  if (std::getenv("GRPC_VERBOSITY") != nullptr) return;
  gpr_set_log_function([](gpr_log_func_args* /*line*/) {});
}

}  // namespace weir::sinks
