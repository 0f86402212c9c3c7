// SPDX-License-Identifier: Apache-2.0
// The two tiers of the flow table as the parameter of a test suite. Tests only.
#ifndef WEIR_SOURCES_EBPF_TESTING_TABLE_TIERS_H_
#define WEIR_SOURCES_EBPF_TESTING_TABLE_TIERS_H_

#include <gtest/gtest.h>

#include <string>

#include "sources/ebpf/kernel/kernel_options.h"

namespace weir::ebpf {

inline auto BothTiers() { return ::testing::Values(TableTier::kMapped, TableTier::kHash); }

inline std::string TierName(const ::testing::TestParamInfo<TableTier>& info) {
  return info.param == TableTier::kMapped ? "Mapped" : "Hash";
}

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TESTING_TABLE_TIERS_H_
