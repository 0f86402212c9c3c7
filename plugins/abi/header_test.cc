// SPDX-License-Identifier: Apache-2.0
// The headers compile as C99 and as C++11, and give the same layouts.
#include <cstddef>

#include "gtest/gtest.h"
#include "plugins/abi/weir_fields.h"
#include "plugins/abi/weir_interfaces.h"
#include "plugins/abi/weir_plugin.h"

extern "C" size_t weir_c99_field_size(void);
extern "C" size_t weir_c99_block_spec_size(void);
extern "C" size_t weir_c99_record_size(void);
extern "C" size_t weir_c99_interfaces_size(void);
size_t CxxFieldSize();
size_t CxxBlockSpecSize();
size_t CxxRecordSize();
size_t CxxInterfacesSize();

namespace {

TEST(HeaderTest, LayoutsAreTheSameInCAndCxx) {
  EXPECT_EQ(weir_c99_field_size(), sizeof(weir_field));
  EXPECT_EQ(weir_c99_block_spec_size(), sizeof(weir_block_spec));
  EXPECT_EQ(weir_c99_record_size(), sizeof(weir_record));
  EXPECT_EQ(weir_c99_interfaces_size(), sizeof(weir_other_interfaces));
  EXPECT_EQ(CxxFieldSize(), sizeof(weir_field));
  EXPECT_EQ(CxxBlockSpecSize(), sizeof(weir_block_spec));
  EXPECT_EQ(CxxRecordSize(), sizeof(weir_record));
  EXPECT_EQ(CxxInterfacesSize(), sizeof(weir_other_interfaces));
}

}  // namespace
