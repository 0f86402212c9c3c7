// SPDX-License-Identifier: Apache-2.0
// Planted bugs, which the sanitizers must find. They are in a header because both a program
// and a plugin contain them.
#ifndef WEIR_TESTS_SANITIZERS_BUGS_H_
#define WEIR_TESTS_SANITIZERS_BUGS_H_

#include <climits>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <thread>

#include "absl/strings/numbers.h"

namespace weir::tests {

// Hides a value from the compiler, so that it neither warns of a bug nor removes it.
template <typename T>
T Opaque(T value) {
  volatile T copy = value;
  return copy;
}

__attribute__((noinline)) inline void UseAfterFree() {
  int* const number = new int(Opaque(1));
  int* const later = Opaque(number);
  delete number;
  std::printf("%d\n", *later);
}

__attribute__((noinline)) inline void StackOverflow() {
  char bytes[8] = {};
  bytes[Opaque(8)] = 1;
  std::printf("%d\n", Opaque(bytes)[0]);
}

__attribute__((noinline)) inline void Leak() {
  char* volatile lost = new char[Opaque(4321)];
  lost[0] = 1;
  lost = nullptr;
}

__attribute__((noinline)) inline void SignedOverflow() {
  std::printf("%d\n", Opaque(INT_MAX) + Opaque(1));
}

__attribute__((noinline)) inline void Misaligned() {
  alignas(8) char bytes[16] = {};
  const uint32_t* const number = reinterpret_cast<const uint32_t*>(Opaque(&bytes[0]) + 1);
  std::printf("%u\n", *number);
}

__attribute__((noinline)) inline void OutOfBounds() {
  static const int kNumbers[4] = {1, 2, 3, 4};
  std::printf("%d\n", kNumbers[Opaque(4)]);
}

// Runs `body` on two threads at once.
template <typename Body>
void Twice(const Body& body) {
  std::thread other(body);
  body();
  other.join();
}

__attribute__((noinline)) inline void DataRace() {
  static int number = 0;
  Twice([] { ++number; });
}

// In these bugs the wrong access is in the code of Abseil: a sanitizer finds them only if
// Abseil is compiled with it too.

__attribute__((noinline)) inline void DependencyUseAfterFree() {
  double* const number = new double(0);
  double* const later = Opaque(number);
  delete number;
  std::printf("%d\n", absl::SimpleAtod("1.5", later) ? 1 : 0);
}

__attribute__((noinline)) inline void DependencyMisaligned() {
  alignas(8) char bytes[24] = {};
  double* const number = reinterpret_cast<double*>(Opaque(&bytes[0]) + 1);
  std::printf("%d\n", absl::SimpleAtod("1.5", number) ? 1 : 0);
}

__attribute__((noinline)) inline void DependencyDataRace() {
  static double number = 0;
  Twice([] { std::printf("%d\n", absl::SimpleAtod("1.5", &number) ? 1 : 0); });
}

// Triggers the bug `name`. Returns false if there is no such bug.
inline bool DoBug(std::string_view name) {
  struct Bug {
    std::string_view name;
    void (*function)();
  };
  constexpr Bug kBugs[] = {
      {"none", [] {}},
      {"use_after_free", UseAfterFree},
      {"stack_overflow", StackOverflow},
      {"leak", Leak},
      {"signed_overflow", SignedOverflow},
      {"misaligned", Misaligned},
      {"out_of_bounds", OutOfBounds},
      {"data_race", DataRace},
      {"dependency_use_after_free", DependencyUseAfterFree},
      {"dependency_misaligned", DependencyMisaligned},
      {"dependency_data_race", DependencyDataRace},
  };
  for (const Bug& bug : kBugs) {
    if (bug.name != name) continue;
    bug.function();
    return true;
  }
  return false;
}

}  // namespace weir::tests

#endif  // WEIR_TESTS_SANITIZERS_BUGS_H_
