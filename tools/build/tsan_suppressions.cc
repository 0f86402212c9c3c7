// SPDX-License-Identifier: Apache-2.0
// What ThreadSanitizer is not to report, of programs built with --config=tsan, which
// links this file into each of them. A function rather than a file, so that a program
// that is run by hand or by another one has it too.
//
// Each line has its reason above it, and is about one function.
extern "C" const char* __tsan_default_suppressions();

// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" const char* __tsan_default_suppressions() {
  return
      // abseil's Mutex describes itself to ThreadSanitizer, and hides for that how it
      // synchronises inside. A thread that has to wait makes its identity, if it has
      // none, and gets the memory for it from abseil's own allocator: so the last thing
      // that ThreadSanitizer has seen there is that thread's mmap, or the allocator's
      // own list. Who unlocks finds the identity in the queue, which it was put into by
      // an atomic operation that is hidden, and posts its semaphore. The two are in
      // order, but nothing that ThreadSanitizer sees says so. All that Post touches is
      // the identity's atomic counter and the kernel, so that nothing else is hidden.
      "race:absl::*::synchronization_internal::Waiter::Post\n";
}
