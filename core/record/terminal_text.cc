// SPDX-License-Identifier: Apache-2.0
#include "core/record/terminal_text.h"

#include <cstddef>
#include <cstdint>

#include "absl/strings/str_format.h"
#include "core/record/utf8.h"

namespace weir {
namespace {

std::string WithEscapes(std::string_view text, std::string_view allowed_controls) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const size_t length = Utf8SequenceLength(text);
    const size_t bytes = length == 0 ? 1 : length;
    const bool allowed = allowed_controls.find(text[0]) != std::string_view::npos;
    if (length > 0 && (allowed || !IsControlCharacter(text))) {
      shown += text.substr(0, bytes);
    } else {
      for (const char byte : text.substr(0, bytes)) {
        absl::StrAppendFormat(&shown, "\\x%02x", static_cast<uint8_t>(byte));
      }
    }
    text.remove_prefix(bytes);
  }
  return shown;
}

}  // namespace

std::string TerminalText(std::string_view text) { return WithEscapes(text, "\n\t"); }

std::string TerminalLine(std::string_view text) { return WithEscapes(text, ""); }

}  // namespace weir
