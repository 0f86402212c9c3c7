/* SPDX-License-Identifier: Apache-2.0 */
/* A small shared object, for tests that damage it. */
#include <stdio.h>

const char* weir_sample_words[] = {"one", "two"};

int weir_sample(int number) { return printf("%s %d\n", weir_sample_words[number % 2], number); }
