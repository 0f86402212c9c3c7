/* SPDX-License-Identifier: Apache-2.0 */
/* No plugin: a shared object that ends the process that loads it. */
#include <stdlib.h>

__attribute__((constructor)) static void End(void) { abort(); }
