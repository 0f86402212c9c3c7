// SPDX-License-Identifier: Apache-2.0
// planted_program BUG: triggers a bug of bugs.h. Exits with 0 if no sanitizer stops it, and
// with 2 if there is no such bug.
#include <cstdio>

#include "tests/sanitizers/bugs.h"

int main(int argc, char** argv) {
  if (argc == 2 && weir::tests::DoBug(argv[1])) return 0;
  std::fprintf(stderr, "usage: planted_program BUG\n");
  return 2;
}
