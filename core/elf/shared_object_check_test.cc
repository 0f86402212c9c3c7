// SPDX-License-Identifier: Apache-2.0
#include "core/elf/shared_object_check.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <link.h>
#include <sys/stat.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/status/status.h"

namespace weir::elf {
namespace {

std::string Sample() {
  std::ifstream file(std::string(std::getenv("TEST_SRCDIR")) + "/weir/core/elf/sample.so",
                     std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string Check(const std::string& bytes) {
  const absl::Status status =
      CheckSharedObject(bytes.size(), [&bytes](uint64_t offset, size_t size, void* to) {
        EXPECT_LE(offset + size, bytes.size());
        std::memcpy(to, bytes.data() + offset, size);
        return true;
      });
  return std::string(status.message());
}

// Returns the sample with a changed ELF header.
template <typename Change>
std::string WithHeader(const Change& change) {
  std::string bytes = Sample();
  ElfW(Ehdr) header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  change(&header);
  std::memcpy(bytes.data(), &header, sizeof(header));
  return bytes;
}

// Returns the sample with a change in its first program header of type `type`.
template <typename Change>
std::string WithSegment(uint32_t type, const Change& change) {
  std::string bytes = Sample();
  ElfW(Ehdr) header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  for (size_t i = 0; i < header.e_phnum; ++i) {
    char* const at = bytes.data() + header.e_phoff + i * sizeof(ElfW(Phdr));
    ElfW(Phdr) segment;
    std::memcpy(&segment, at, sizeof(segment));
    if (segment.p_type != type) continue;
    change(&segment);
    std::memcpy(at, &segment, sizeof(segment));
    return bytes;
  }
  ADD_FAILURE() << "no segment of type " << type;
  return bytes;
}

TEST(SharedObjectCheck, AcceptsACompleteSharedObject) { EXPECT_EQ(Check(Sample()), ""); }

TEST(SharedObjectCheck, RefusesAFileThatIsTruncatedAnywhere) {
  const std::string whole = Sample();
  for (size_t size = 0; size < whole.size(); size += size < 4096 ? 1 : 61) {
    EXPECT_NE(Check(whole.substr(0, size)), "") << size << " bytes of " << whole.size();
  }
  EXPECT_EQ(Check(""), "is empty");
  EXPECT_EQ(Check("\x7f"
                  "ELF"),
            "is not a shared object: it has only 4 bytes");
}

TEST(SharedObjectCheck, RefusesOtherFilesAndSharedObjectsOfOtherMachines) {
  EXPECT_EQ(Check(std::string(100, '#')),
            "is not a shared object: it does not begin with the ELF magic number");
  EXPECT_NE(Check(WithHeader([](auto* header) {
              header->e_machine ^= 1;
            })).find("is for another machine"),
            std::string::npos);
  EXPECT_NE(Check(WithHeader([](auto* header) {
              header->e_ident[EI_DATA] ^= 3;
            })).find("is for another machine"),
            std::string::npos);
  EXPECT_EQ(Check(WithHeader([](auto* header) { header->e_type = ET_EXEC; })),
            "is an ELF file, but not a shared object");
  EXPECT_EQ(Check(WithHeader([](auto* header) { header->e_phnum = 0xffff; })),
            "has 65535 segments; 1 to 64 are allowed");
}

TEST(SharedObjectCheck, RefusesSegmentsThatWouldCrashTheLoader) {
  EXPECT_EQ(Check(WithSegment(PT_LOAD, [](auto* segment) { segment->p_memsz = ~0ULL; })),
            "has a segment with an impossible size, address or alignment");
  EXPECT_NE(Check(WithSegment(PT_LOAD, [](auto* segment) { segment->p_offset = ~0ULL; })), "");
  EXPECT_EQ(Check(WithSegment(PT_LOAD, [](auto* segment) { segment->p_flags = 0; })),
            "has a segment without read permission");
  EXPECT_EQ(Check(WithSegment(PT_DYNAMIC, [](auto* segment) { segment->p_vaddr += 1 << 20; })),
            "has a segment that lies outside the loaded segments");
  EXPECT_EQ(Check(WithSegment(PT_DYNAMIC, [](auto* segment) { segment->p_type = PT_NULL; })),
            "is not a shared object: it has no dynamic section");
  EXPECT_EQ(Check(WithSegment(PT_DYNAMIC, [](auto* segment) { segment->p_filesz = 0; })),
            "has a dynamic section of 0 entries; 1 to 512 are allowed");
}

TEST(SharedObjectCheck, RefusesWithoutBlockingWhatIsNotARegularFile) {
  const std::string fifo = testing::TempDir() + "/shared_object_check.fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(CheckSharedObjectFile(fifo).message(), "is not a regular file");
  EXPECT_EQ(CheckSharedObjectFile(testing::TempDir()).message(), "is not a regular file");
  EXPECT_EQ(CheckSharedObjectFile("/dev/zero").message(), "is not a regular file");
  EXPECT_EQ(CheckSharedObjectFile(fifo + ".not").message(),
            "cannot be read: No such file or directory");
}

}  // namespace
}  // namespace weir::elf
