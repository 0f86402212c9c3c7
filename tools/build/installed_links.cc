// SPDX-License-Identifier: Apache-2.0
#include "tools/build/installed_links.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <utility>
#include <vector>

namespace weir {
namespace {

using std::filesystem::path;

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Returns the path in the tree of a file or folder of the repository; empty if it is not installed.
std::string InstalledPath(const std::string& name, const InstalledFiles& files) {
  const auto file = files.find(name);
  if (file != files.end()) return file->second;
  const std::string folder = name + "/";
  for (auto inside = files.lower_bound(folder);
       inside != files.end() && inside->first.compare(0, folder.size(), folder) == 0; ++inside) {
    const std::string end = inside->first.substr(name.size());
    if (!EndsWith(inside->second, end)) continue;
    return inside->second.substr(0, inside->second.size() - end.size());
  }
  return {};
}

// Copies a page and replaces its links.
class Page {
 public:
  Page(std::string_view text, const std::string& name, const InstalledFiles& files)
      : rest_(text),
        folder_(path(name).parent_path()),
        installed_folder_(path(files.at(name)).parent_path()),
        files_(files) {}

  std::string Rewrite() {
    while (!rest_.empty()) {
      if (AtFence()) {
        CopyBlock();
      } else {
        CopyLine();
      }
    }
    return std::move(out_);
  }

 private:
  bool AtFence() const {
    const size_t word = rest_.find_first_not_of(' ');
    return word != std::string_view::npos && rest_.substr(word, 3) == "```";
  }

  void Copy(size_t bytes) {
    out_ += rest_.substr(0, bytes);
    rest_.remove_prefix(std::min(bytes, rest_.size()));
  }

  void CopyWholeLine() { Copy(std::min(rest_.find('\n'), rest_.size() - 1) + 1); }

  void CopyBlock() {
    CopyWholeLine();
    while (!rest_.empty() && !AtFence()) CopyWholeLine();
    if (!rest_.empty()) CopyWholeLine();
  }

  // Copies up to the end of the line, or of code that begins in it.
  void CopyLine() {
    // No link has an empty line in its text.
    if (rest_[0] == '\n') opened_.clear();
    while (!rest_.empty()) {
      const char c = rest_[0];
      if (c == '`') {
        CopyCode();
        continue;
      }
      if (c == ']' && ReplaceLink()) continue;
      if (c == '[') opened_.push_back(out_.size());
      Copy(c == '\\' ? 2 : 1);
      if (c == '\n') return;
    }
  }

  void CopyCode() {
    const std::string quote(std::min(rest_.find_first_not_of('`'), rest_.size()), '`');
    const size_t end = rest_.find(quote, quote.size());
    Copy(end == std::string_view::npos ? quote.size() : end + quote.size());
  }

  // At the `]` of "[text](target)". Returns false, and copies nothing, if this is no link to a
  // file.
  bool ReplaceLink() {
    if (opened_.empty()) return false;
    const size_t opened = opened_.back();
    opened_.pop_back();
    const size_t end = rest_.find_first_of(") \n");
    if (rest_.substr(0, 2) != "](" || end == std::string_view::npos || rest_[end] != ')') {
      return false;
    }
    const std::string target(rest_.substr(2, end - 2));
    const std::string name = target.substr(0, target.find('#'));
    if (name.empty() || name.find(':') != std::string::npos) return false;
    rest_.remove_prefix(end + 1);
    std::string file = (folder_ / name).lexically_normal().string();
    if (EndsWith(file, "/")) file.pop_back();
    const std::string installed = InstalledPath(file, files_);
    if (installed.empty()) {
      MakePlain(opened, file);
    } else {
      out_ += "](" + path(installed).lexically_relative(installed_folder_).string() +
              target.substr(name.size()) + ")";
    }
    return true;
  }

  // Turns the text since `opened` into plain text, with the path if the text does not name the
  // file.
  void MakePlain(size_t opened, const std::string& file) {
    const std::string text = out_.substr(opened + 1);
    out_.resize(opened);
    out_ += text;
    if (text.find(path(file).stem().string()) == std::string::npos) out_ += " (`" + file + "`)";
  }

  std::string_view rest_;
  const path folder_;
  const path installed_folder_;
  const InstalledFiles& files_;
  std::string out_;
  std::vector<size_t> opened_;  // positions of `[` in out_
};

}  // namespace

std::string WithInstalledLinks(std::string_view markdown, const std::string& page,
                               const InstalledFiles& files) {
  return Page(markdown, page, files).Rewrite();
}

}  // namespace weir
