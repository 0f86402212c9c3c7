// SPDX-License-Identifier: Apache-2.0
// The headers compile as C99 and as C++11, and give the same layouts.
#include <cstddef>

#include "gtest/gtest.h"
#include "plugins/abi/weir_fields.h"

extern "C" size_t weir_c99_field_size(void);
extern "C" size_t weir_c99_block_spec_size(void);
size_t CxxFieldSize();
size_t CxxBlockSpecSize();

namespace {

TEST(HeaderTest, LayoutsAreTheSameInCAndCxx) {
  EXPECT_EQ(weir_c99_field_size(), sizeof(weir_field));
  EXPECT_EQ(weir_c99_block_spec_size(), sizeof(weir_block_spec));
  EXPECT_EQ(CxxFieldSize(), sizeof(weir_field));
  EXPECT_EQ(CxxBlockSpecSize(), sizeof(weir_block_spec));
}

}  // namespace
