// SPDX-License-Identifier: Apache-2.0
// The configuration of `ebpf_map` as text, for tests.
#ifndef WEIR_SOURCES_EBPF_TESTING_TEXT_CONFIG_H_
#define WEIR_SOURCES_EBPF_TESTING_TEXT_CONFIG_H_

#include <string>

#include "gtest/gtest.h"
#include "plugins/sdk/testing/text_config.h"
#include "sources/ebpf/ebpf.descriptors.h"
#include "sources/ebpf/ebpf.pb.h"

namespace weir::ebpf {

inline sdk::testing::TextConfig TextConfigOfEbpf() {
  return {kSourcesEbpfEbpfDescriptors, kSourcesEbpfEbpfDescriptorsSize};
}

// Fails the running test if `text` is not a valid configuration.
inline sources::EbpfMap EbpfMapOf(const std::string& text) {
  sources::EbpfMap config;
  EXPECT_TRUE(TextConfigOfEbpf().Parse(text, &config)) << text;
  return config;
}

inline std::string TextOf(const sources::EbpfMap& config) {
  return TextConfigOfEbpf().Text(config);
}

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TESTING_TEXT_CONFIG_H_
