// SPDX-License-Identifier: Apache-2.0
//
// Stands in for libFuzzer's main(): gives the fuzz target the empty input and, of
// each file that it is given, the whole, every beginning, and copies with some
// damage, the same ones each time.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr int kDamagedCopies = 500;
constexpr size_t kMaxBeginnings = 4096;  // of larger files every n-th

void Give(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

// Takes one piece away, doubles one, or changes a byte, preferably to one that means
// something in a text.
std::string Damage(std::string bytes, std::mt19937* random) {
  const size_t at = (*random)() % bytes.size();
  const size_t length = (*random)() % 16;
  constexpr char kBytes[] = "{}<>[]:;,\"'\\$#/-.0a \n\t\xff";
  switch ((*random)() % 3) {
    case 0:
      return bytes.erase(at, length);
    case 1:
      return bytes.insert(at, bytes.substr((*random)() % bytes.size(), length));
    default:
      bytes[at] = kBytes[(*random)() % sizeof(kBytes)];
      return bytes;
  }
}

void GiveInPieces(const std::string& bytes) {
  const size_t step = bytes.size() / kMaxBeginnings + 1;
  for (size_t size = 0; size < bytes.size(); size += step) Give(bytes.substr(0, size));
  std::mt19937 random(1);
  for (int copy = 0; copy < kDamagedCopies; ++copy) {
    std::string damaged = bytes;
    for (int i = 0; i <= copy % 4 && !damaged.empty(); ++i) damaged = Damage(damaged, &random);
    Give(damaged);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "no corpus\n");
    return 1;
  }
  Give("");
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)),
                            std::istreambuf_iterator<char>());
    if (bytes.empty()) {
      std::fprintf(stderr, "%s: cannot be read or is empty\n", argv[i]);
      return 1;
    }
    std::printf("%s: %zu bytes\n", argv[i], bytes.size());
    std::fflush(stdout);  // a crash must not take it along
    Give(bytes);
    GiveInPieces(bytes);
  }
  return 0;
}
