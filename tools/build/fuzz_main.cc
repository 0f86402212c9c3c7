// SPDX-License-Identifier: Apache-2.0
//
// Stands in for libFuzzer's main(): gives the fuzz target the empty input and, of
// each file that it is given, the whole, its beginnings, and copies with some damage,
// the same ones each time. Of large files fewer, so that a test stays one of seconds
// with a sanitizer too.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kMaxBeginnings = 1000;
constexpr size_t kMaxDamagedCopies = 500;
constexpr size_t kMaxBytes = 1 << 20;  // of all beginnings, and of all damaged copies

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
  // Beginnings have half the size of the file on average.
  const size_t beginnings = std::clamp<size_t>(2 * kMaxBytes / bytes.size(), 1, kMaxBeginnings);
  const size_t step = (bytes.size() - 1) / beginnings + 1;
  for (size_t size = 0; size < bytes.size(); size += step) Give(bytes.substr(0, size));
  std::mt19937 random(1);
  const size_t copies = std::clamp<size_t>(kMaxBytes / bytes.size(), 1, kMaxDamagedCopies);
  for (size_t copy = 0; copy < copies; ++copy) {
    std::string damaged = bytes;
    for (size_t i = 0; i <= copy % 4 && !damaged.empty(); ++i) damaged = Damage(damaged, &random);
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
