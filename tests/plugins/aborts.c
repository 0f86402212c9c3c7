/* SPDX-License-Identifier: Apache-2.0 */
/* Not a plugin: a shared object that aborts the process that loads it. */
#include <stdlib.h>

__attribute__((constructor)) static void End(void) { abort(); }
