// SPDX-License-Identifier: Apache-2.0
// `weir fmt`: the layout of pipeline files.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/config/loader.h"
#include "core/config/text/formatter.h"
#include "core/record/terminal_text.h"
#include "gflags/gflags.h"
#include "tools/weir/commands.h"
#include "tools/weir/exit_code.h"
#include "tools/weir/program.h"
#include "tools/weir/replace_file.h"

DEFINE_bool(check, false,
            "change no file; print the names of files with another layout, and exit with 1");

namespace weir {
namespace {

constexpr char kStdin[] = "-";

struct Formatted {
  std::string before, after;
};

absl::StatusOr<Formatted> Format(const std::string& path) {
  const bool is_stdin = path == kStdin;
  const std::string name = is_stdin ? "standard input" : path;
  // Its writer may take any time, and its file may be one that weir could not open again.
  absl::StatusOr<std::string> text =
      is_stdin ? config::ReadOpenPipelineFile(STDIN_FILENO, name) : config::ReadPipelineFile(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<std::string> formatted = config::FormatText(*text, name);
  if (!formatted.ok()) return formatted.status();
  if (formatted->size() > config::kMaxFileBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": cannot be formatted: it would be ", formatted->size(),
                     " bytes long, and weir reads no file of more than ", config::kMaxFileBytes));
  }
  return Formatted{*std::move(text), *std::move(formatted)};
}

// Returns the exit code for one file.
int FormatFile(const std::string& path) {
  const absl::StatusOr<Formatted> text = Format(path);
  if (!text.ok()) {
    PrintError(text.status().message());
    return kExitBadUsage;
  }
  if (FLAGS_check) {
    if (text->before == text->after) return kExitClean;
    std::printf("%s\n", TerminalLine(path).c_str());
    return kExitFailed;
  }
  if (path == kStdin) {
    std::fwrite(text->after.data(), 1, text->after.size(), stdout);
    return kExitClean;
  }
  if (text->before == text->after) return kExitClean;
  const absl::Status replaced = ReplaceFile(path, text->after);
  if (replaced.ok()) return kExitClean;
  PrintError(replaced.message());
  return kExitFailed;
}

}  // namespace

int FmtCommand(const Arguments& arguments) {
  int code = kExitClean;
  // All files; a file with mistakes does not keep the others from their layout.
  for (const std::string& path : arguments) code = std::max(code, FormatFile(path));
  return code;
}

}  // namespace weir
