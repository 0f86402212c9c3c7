// SPDX-License-Identifier: Apache-2.0
// Gives the fuzzer's entry its corpus, every beginning of each of its files, and some
// damage to each, so that it is tested where there is no fuzzer.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "gtest/gtest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

void Give(const std::string& text) {
  EXPECT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(text.data()), text.size()), 0);
}

// Takes one piece of the text away, doubles it, or changes a byte.
std::string Damage(std::string text, std::mt19937* random) {
  const size_t at = (*random)() % text.size();
  const size_t length = (*random)() % 16;
  constexpr char kBytes[] = "{}<>[]:;,\"'\\$#/-.0a \n\t\xff";
  switch ((*random)() % 3) {
    case 0:
      return text.erase(at, length);
    case 1:
      return text.insert(at, text.substr((*random)() % text.size(), length));
    default:
      text[at] = kBytes[(*random)() % (sizeof(kBytes) - 1)];
      return text;
  }
}

TEST(LoaderFuzzCorpusTest, ComesBackFromAll) {
  int files = 0;
  std::mt19937 random(1);
  for (const auto& entry : std::filesystem::directory_iterator("core/config/testdata/corpus")) {
    std::ifstream file(entry.path());
    const std::string text((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    ASSERT_FALSE(text.empty()) << entry.path();
    ++files;
    for (size_t size = 0; size <= text.size(); ++size) Give(text.substr(0, size));
    for (int round = 0; round < 500; ++round) {
      std::string damaged = text;
      for (int i = 0; i <= round % 4 && !damaged.empty(); ++i) damaged = Damage(damaged, &random);
      Give(damaged);
    }
  }
  EXPECT_GE(files, 3);
}

}  // namespace
