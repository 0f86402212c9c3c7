/* SPDX-License-Identifier: Apache-2.0 */
/* Not a plugin: a shared object that never returns to the process that loads it. */
#include <unistd.h>

__attribute__((constructor)) static void Wait(void) {
  while (1) sleep(1000);
}
