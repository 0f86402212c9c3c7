// SPDX-License-Identifier: Apache-2.0
#include "core/elf/shared_object_check.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"

// The ELF header of this program in memory; the linker defines it.
extern "C" const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

namespace weir::elf {
namespace {

using Header = ElfW(Ehdr);
using Segment = ElfW(Phdr);
using Section = ElfW(Shdr);
using Dynamic = ElfW(Dyn);

// Linkers write about ten segments, and dozens of sections and dynamic entries.
constexpr size_t kMaxSegments = 64;
constexpr size_t kMaxSections = 512;
constexpr size_t kMaxDynamicEntries = 512;
// Bounds the address space of an image, so that sums of addresses cannot overflow.
constexpr uint64_t kMaxImageBytes = uint64_t{1} << 32;
constexpr uint64_t kMaxAlignment = uint64_t{1} << 30;
constexpr uint64_t kPageBytes = 4096;

absl::Status Unfit(std::string_view why) { return absl::FailedPreconditionError(why); }

bool Fits(uint64_t offset, uint64_t size, uint64_t whole) {
  return offset <= whole && size <= whole - offset;
}

bool Within(const Segment& inner, const Segment& outer) {
  return inner.p_vaddr >= outer.p_vaddr &&
         Fits(inner.p_vaddr - outer.p_vaddr, inner.p_memsz, outer.p_memsz);
}

class Checker {
 public:
  Checker(uint64_t file_size, const ReadAt& read) : file_size_(file_size), read_(read) {}

  absl::Status Check() {
    for (const auto check : {&Checker::CheckHeader, &Checker::CheckSegments, &Checker::CheckDynamic,
                             &Checker::CheckSections}) {
      if (absl::Status status = (this->*check)(); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Truncated(std::string_view what) const {
    return Unfit(absl::StrCat("is truncated: it has ", file_size_, " bytes, and its ", what,
                              " would lie beyond them"));
  }

  template <typename Entry>
  bool ReadTable(uint64_t offset, size_t count, std::vector<Entry>* entries) const {
    entries->resize(count);
    return Fits(offset, count * sizeof(Entry), file_size_) &&
           read_(offset, count * sizeof(Entry), entries->data());
  }

  absl::Status CheckHeader() {
    const Header& own = __ehdr_start;
    if (file_size_ == 0) return Unfit("is empty");
    if (file_size_ < sizeof(header_) || !read_(0, sizeof(header_), &header_)) {
      return Unfit(absl::StrCat("is not a shared object: it has only ", file_size_, " bytes"));
    }
    if (std::memcmp(header_.e_ident, ELFMAG, SELFMAG) != 0) {
      return Unfit("is not a shared object: it does not begin with the ELF magic number");
    }
    if (header_.e_ident[EI_CLASS] != own.e_ident[EI_CLASS] ||
        header_.e_ident[EI_DATA] != own.e_ident[EI_DATA] || header_.e_machine != own.e_machine) {
      return Unfit(absl::StrCat("is for another machine: ELF machine ", header_.e_machine,
                                ", class ", int{header_.e_ident[EI_CLASS]}, ", byte order ",
                                int{header_.e_ident[EI_DATA]}, "; weir runs on machine ",
                                own.e_machine, ", class ", int{own.e_ident[EI_CLASS]},
                                ", byte order ", int{own.e_ident[EI_DATA]}));
    }
    if (header_.e_ident[EI_VERSION] != EV_CURRENT || header_.e_version != EV_CURRENT) {
      return Unfit("has an unknown version of ELF");
    }
    if (header_.e_type != ET_DYN) return Unfit("is an ELF file, but not a shared object");
    if (header_.e_ehsize != sizeof(Header) || header_.e_phentsize != sizeof(Segment)) {
      return Unfit("has a damaged ELF header: its sizes are wrong");
    }
    return absl::OkStatus();
  }

  absl::Status CheckSegments() {
    if (header_.e_phnum == 0 || header_.e_phnum > kMaxSegments) {
      return Unfit(
          absl::StrCat("has ", header_.e_phnum, " segments; 1 to ", kMaxSegments, " are allowed"));
    }
    if (!ReadTable(header_.e_phoff, header_.e_phnum, &segments_))
      return Truncated("program headers");
    uint64_t end = 0;  // the end of the loaded segments so far
    for (const Segment& segment : segments_) {
      if (segment.p_type == PT_NULL || segment.p_type == PT_GNU_STACK) continue;
      if (!Fits(segment.p_offset, segment.p_filesz, file_size_)) return Truncated("segments");
      if (segment.p_memsz > kMaxImageBytes || segment.p_vaddr > kMaxImageBytes ||
          segment.p_align > kMaxAlignment || (segment.p_align & (segment.p_align - 1)) != 0) {
        return Unfit("has a segment with an impossible size, address or alignment");
      }
      if (segment.p_type != PT_LOAD) continue;
      if (absl::Status status = CheckLoaded(segment, &end); !status.ok()) return status;
    }
    if (end == 0) return Unfit("has no segment to load");
    return CheckMappings();
  }

  static absl::Status CheckLoaded(const Segment& segment, uint64_t* end) {
    if (segment.p_filesz > segment.p_memsz) {
      return Unfit("has a segment that is larger in the file than in memory");
    }
    const uint64_t alignment = segment.p_align < kPageBytes ? kPageBytes : segment.p_align;
    if (segment.p_vaddr % alignment != segment.p_offset % alignment) {
      return Unfit("has a segment that cannot be mapped: its address does not fit its offset");
    }
    if ((segment.p_flags & PF_R) == 0) return Unfit("has a segment without read permission");
    if (segment.p_vaddr < *end) return Unfit("has segments that overlap or are out of order");
    *end = segment.p_vaddr + segment.p_memsz;
    return absl::OkStatus();
  }

  // Returns the loaded segment that contains `inner`; null if there is none.
  const Segment* LoadedAround(const Segment& inner) const {
    for (const Segment& segment : segments_) {
      if (segment.p_type == PT_LOAD && Within(inner, segment)) return &segment;
    }
    return nullptr;
  }

  // Checks that every segment which the loader accesses by address lies in a loaded one.
  absl::Status CheckMappings() const {
    for (const Segment& segment : segments_) {
      const bool accessed = segment.p_type == PT_DYNAMIC || segment.p_type == PT_PHDR ||
                            segment.p_type == PT_NOTE || segment.p_type == PT_GNU_EH_FRAME ||
                            segment.p_type == PT_GNU_RELRO || segment.p_type == PT_GNU_PROPERTY;
      if (!accessed) continue;
      const Segment* const around = LoadedAround(segment);
      // The end of read-only data after relocation is rounded up to a page.
      if (around == nullptr && segment.p_type != PT_GNU_RELRO) {
        return Unfit("has a segment that lies outside the loaded segments");
      }
      if (around == nullptr) continue;
      if (segment.p_type != PT_GNU_RELRO &&
          segment.p_offset - around->p_offset != segment.p_vaddr - around->p_vaddr) {
        return Unfit("has a segment whose offset in the file does not match its address");
      }
    }
    return absl::OkStatus();
  }

  std::optional<uint64_t> FileOffset(uint64_t address, uint64_t size) const {
    for (const Segment& segment : segments_) {
      if (segment.p_type != PT_LOAD || address < segment.p_vaddr) continue;
      const uint64_t offset = address - segment.p_vaddr;
      if (Fits(offset, size, segment.p_filesz)) return segment.p_offset + offset;
    }
    return std::nullopt;
  }

  absl::Status CheckDynamic() {
    const Segment* found = nullptr;
    for (const Segment& segment : segments_) {
      if (segment.p_type != PT_DYNAMIC) continue;
      if (found != nullptr) return Unfit("has two dynamic sections");
      found = &segment;
    }
    if (found == nullptr) return Unfit("is not a shared object: it has no dynamic section");
    const size_t count = found->p_filesz / sizeof(Dynamic);
    if (count == 0 || count > kMaxDynamicEntries) {
      return Unfit(absl::StrCat("has a dynamic section of ", count, " entries; 1 to ",
                                kMaxDynamicEntries, " are allowed"));
    }
    const Segment* const around = LoadedAround(*found);
    // The loader relocates addresses in the dynamic section.
    if (around == nullptr || (around->p_flags & PF_W) == 0) {
      return Unfit("has a dynamic section without write permission");
    }
    std::vector<Dynamic> entries;
    if (!ReadTable(found->p_offset, count, &entries)) return Truncated("dynamic section");
    return CheckEntries(entries);
  }

  // Checks that every table which the loader looks up lies inside the file.
  absl::Status CheckEntries(const std::vector<Dynamic>& entries) const {
    const auto value = [&entries](int64_t tag) -> std::optional<uint64_t> {
      for (const Dynamic& entry : entries) {
        if (entry.d_tag == DT_NULL) break;
        if (entry.d_tag == tag) return entry.d_un.d_val;
      }
      return std::nullopt;
    };
    if (entries.back().d_tag != DT_NULL) return Unfit("has a dynamic section without an end");
    if (!value(DT_STRTAB) || !value(DT_SYMTAB)) return Unfit("has no dynamic symbols");
    if (!value(DT_HASH) && !value(DT_GNU_HASH)) return Unfit("has no hash table of symbols");
    struct Table {
      int64_t address;
      int64_t size;  // DT_NULL: one word at least
    };
    for (const Table table : {Table{DT_STRTAB, DT_STRSZ},
                              {DT_SYMTAB, DT_NULL},
                              {DT_HASH, DT_NULL},
                              {DT_GNU_HASH, DT_NULL},
                              {DT_RELA, DT_RELASZ},
                              {DT_REL, DT_RELSZ},
                              {DT_JMPREL, DT_PLTRELSZ},
                              {DT_VERSYM, DT_NULL},
                              {DT_VERNEED, DT_NULL},
                              {DT_VERDEF, DT_NULL},
                              {DT_INIT_ARRAY, DT_INIT_ARRAYSZ},
                              {DT_FINI_ARRAY, DT_FINI_ARRAYSZ}}) {
      const std::optional<uint64_t> address = value(table.address);
      if (!address.has_value()) continue;
      const uint64_t size =
          table.size == DT_NULL ? sizeof(uint32_t) : value(table.size).value_or(0);
      if (!FileOffset(*address, size).has_value()) {
        return Unfit("has a dynamic section that refers to a place outside the file");
      }
    }
    return absl::OkStatus();
  }

  // The loader does not read the section headers. They show whether a file was truncated
  // behind its last segment.
  absl::Status CheckSections() {
    if (header_.e_shoff == 0 || header_.e_shnum == 0) return absl::OkStatus();
    if (header_.e_shentsize != sizeof(Section) || header_.e_shnum > kMaxSections) {
      return Unfit("has damaged section headers");
    }
    std::vector<Section> sections;
    if (!ReadTable(header_.e_shoff, header_.e_shnum, &sections))
      return Truncated("section headers");
    for (const Section& section : sections) {
      if (section.sh_type == SHT_NOBITS || section.sh_type == SHT_NULL) continue;
      if (!Fits(section.sh_offset, section.sh_size, file_size_)) return Truncated("sections");
    }
    return absl::OkStatus();
  }

  const uint64_t file_size_;
  const ReadAt& read_;
  Header header_{};
  std::vector<Segment> segments_;
};

absl::Status CheckOpenFile(int file) {
  struct stat facts;
  if (fstat(file, &facts) != 0) return Unfit(absl::StrCat("fstat: ", std::strerror(errno)));
  if (!S_ISREG(facts.st_mode)) return Unfit("is not a regular file");
  const ReadAt read = [file](uint64_t offset, size_t size, void* to) {
    for (size_t done = 0; done < size;) {
      const ssize_t got = pread(file, static_cast<char*>(to) + done, size - done,
                                static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      done += static_cast<size_t>(got);
    }
    return true;
  };
  return CheckSharedObject(static_cast<uint64_t>(facts.st_size), read);
}

}  // namespace

absl::Status CheckSharedObject(uint64_t file_size, const ReadAt& read) {
  return Checker(file_size, read).Check();
}

absl::Status CheckSharedObjectFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return Unfit(absl::StrCat("cannot be read: ", std::strerror(errno)));
  const absl::Status status = CheckOpenFile(file);
  close(file);
  return status;
}

}  // namespace weir::elf
