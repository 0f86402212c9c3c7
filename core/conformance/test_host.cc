// SPDX-License-Identifier: Apache-2.0
#include "core/conformance/test_host.h"

#include "core/record/batch.h"

namespace weir::conformance {

absl::Status TestHost::Emit(pipeline::BatchRef batch) {
  counters_.AddEmitted(batch->size);
  emitted_ = true;
  const std::thread::id caller = caller_;
  if (caller == std::thread::id()) {
    OnMisuse("emitted a batch outside of run, process, tick and flush");
  } else if (caller != std::this_thread::get_id()) {
    OnMisuse("emitted a batch on a thread other than the one it was called on");
  }
  const BatchView view(batch.get());
  for (uint32_t i = 0; i < view.size(); ++i) {
    if (view[i].interface_name[kMaxInterfaceName] != '\0') {
      OnMisuse("emitted a record whose interface_name does not end in a NUL");
      break;
    }
  }
  return absl::OkStatus();
}

void TestHost::OnMisuse(std::string_view what) {
  absl::MutexLock lock(&mutex_);
  if (misuse_.empty()) misuse_ = std::string(what);
}

std::string TestHost::TakeMisuse() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(misuse_, {});
}

}  // namespace weir::conformance
