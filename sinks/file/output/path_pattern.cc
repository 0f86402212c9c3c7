// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/output/path_pattern.h"

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace weir::sinks {
namespace {

namespace fs = std::filesystem;

constexpr char kDigit = '\x01';
constexpr char kPart[] = ".part";
constexpr size_t kMaxName = 255;  // NAME_MAX of Linux file systems
constexpr size_t kMaxNumberDigits = 9;

// Returns the mask of a conversion; null for an unknown letter.
const char* MaskOf(char letter) {
  switch (letter) {
    case 'Y':
      return "\x01\x01\x01\x01";
    case 'y':
    case 'm':
    case 'd':
    case 'H':
    case 'M':
    case 'S':
      return "\x01\x01";
    case 'j':
      return "\x01\x01\x01";
    case 'F':
      return "\x01\x01\x01\x01-\x01\x01-\x01\x01";
    case 'T':
      return "\x01\x01:\x01\x01:\x01\x01";
    case '%':
      return "%";
    default:
      return nullptr;
  }
}

bool Fits(std::string_view name, std::string_view mask) {
  return std::equal(name.begin(), name.end(), mask.begin(), mask.end(), [](char c, char m) {
    return m == kDigit ? absl::ascii_isdigit(static_cast<unsigned char>(c)) : c == m;
  });
}

// Returns the offset of a name's ending; the size of the name if it has none.
size_t EndingOf(std::string_view name) {
  const auto dot_before = [name](size_t end) {
    const size_t dot = name.substr(0, end).rfind('.');
    return dot == std::string_view::npos || dot == 0 ? end : dot;
  };
  const size_t last = dot_before(name.size());
  const std::string_view ending = name.substr(last);
  return ending == ".gz" || ending == ".zst" ? dot_before(last) : last;
}

// Returns true if `name` fits `mask`, with or without a number.
bool FitsNumbered(std::string_view name, std::string_view mask) {
  if (name.size() <= mask.size()) return Fits(name, mask);
  const size_t stem = EndingOf(mask);
  const size_t ending = mask.size() - stem;
  const std::string_view number = name.substr(stem, name.size() - mask.size());
  return Fits(name.substr(0, stem), mask.substr(0, stem)) &&
         Fits(name.substr(name.size() - ending), mask.substr(stem)) && number[0] == '.' &&
         number.size() >= 2 && number.size() <= 1 + kMaxNumberDigits && number[1] != '0' &&
         std::all_of(number.begin() + 1, number.end(),
                     [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

// Returns the part of `path` up to its last slash, and the last component.
std::pair<std::string_view, std::string_view> Split(std::string_view path) {
  const size_t slash = path.rfind('/');
  const size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
  return {path.substr(0, begin), path.substr(begin)};
}

sdk::Status Bad(const std::string& path, std::string_view why) {
  return {WEIR_INVALID_ARGUMENT,
          absl::StrCat("path: '", absl::Utf8SafeCHexEscape(path), "' ", why)};
}

bool IsRegular(const std::string& path) {
  std::error_code error;
  return fs::symlink_status(path, error).type() == fs::file_type::regular;
}

}  // namespace

sdk::Result<PathPattern> PathPattern::Parse(const std::string& path) {
  PathPattern pattern;
  pattern.path_ = fs::path(path).lexically_normal().string();
  const std::string_view name = Split(pattern.path_).second;
  if (name.empty() || name == "." || name == "..") return Bad(path, "names no file");
  std::string mask;
  for (size_t i = 0; i < pattern.path_.size(); ++i) {
    const char c = pattern.path_[i];
    if (static_cast<unsigned char>(c) < 0x20) return Bad(path, "has a control character");
    if (c != '%') {
      mask += c;
      continue;
    }
    const char letter = ++i < pattern.path_.size() ? pattern.path_[i] : '\0';
    const char* const digits = letter == '\0' ? nullptr : MaskOf(letter);
    if (digits == nullptr) {
      return Bad(path, absl::StrCat("has '%", std::string(letter != '\0', letter),
                                    "'; it can have %Y %y %m %d %j %H %M %S %F %T and %%"));
    }
    pattern.has_time_ = pattern.has_time_ || letter != '%';
    mask += digits;
  }
  pattern.components_ = absl::StrSplit(mask, '/');
  // Room for the dot, kPart and a number.
  if (pattern.components_.back().size() > kMaxName - sizeof(kPart) - kMaxNumberDigits) {
    return Bad(path, "is too long for the name of a file");
  }
  return pattern;
}

std::string PathPattern::At(int64_t wall_ns) const {
  constexpr int64_t kSecond = 1'000'000'000;
  const time_t seconds = wall_ns / kSecond - (wall_ns % kSecond < 0 ? 1 : 0);
  tm utc{};
  gmtime_r(&seconds, &utc);  // cannot fail for 64 bits of ns
  // The longest conversion is five times as long as its letters ("%F" gives 10 characters).
  std::string path(5 * path_.size() + 1, '\0');
  path.resize(strftime(path.data(), path.size(), path_.c_str(), &utc));
  return path;
}

std::string PathPattern::Unfinished(const std::string& path) {
  const auto [folder, name] = Split(path);
  return absl::StrCat(folder, ".", name, kPart);
}

std::string PathPattern::Finished(const std::string& unfinished) {
  auto [folder, name] = Split(unfinished);
  name.remove_prefix(1);
  name.remove_suffix(sizeof(kPart) - 1);
  return absl::StrCat(folder, name);
}

std::string PathPattern::Numbered(const std::string& path, uint64_t number) {
  if (number == 0) return path;
  const auto [folder, name] = Split(path);
  const size_t ending = EndingOf(name);
  return absl::StrCat(folder, name.substr(0, ending), ".", number, name.substr(ending));
}

PathPattern::Files PathPattern::Find() const {
  Files files;
  FindIn("", 0, &files);
  return files;
}

void PathPattern::FindIn(const std::string& folder, size_t component, Files* files) const {
  const std::string& mask = components_[component];
  const bool last = component + 1 == components_.size();
  if (!last && mask.find(kDigit) == std::string::npos) {
    return FindIn(absl::StrCat(folder, mask, "/"), component + 1, files);
  }
  std::error_code error;
  fs::directory_iterator entries(folder.empty() ? "." : folder, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const std::string name = entries->path().filename().string();
    if (last) {
      Sort(absl::StrCat(folder, name), name, files);
    } else if (std::error_code ignored;
               Fits(name, mask) &&
               entries->symlink_status(ignored).type() == fs::file_type::directory) {
      FindIn(absl::StrCat(folder, name, "/"), component + 1, files);
    }
  }
}

void PathPattern::Sort(const std::string& path, std::string_view name, Files* files) const {
  const std::string& mask = components_.back();
  if (FitsNumbered(name, mask)) {
    if (IsRegular(path)) files->finished.push_back(path);
  } else if (Fits(name, absl::StrCat(".", mask, kPart))) {
    if (IsRegular(path)) files->unfinished.push_back(path);
  }
}

}  // namespace weir::sinks
