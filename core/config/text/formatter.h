// SPDX-License-Identifier: Apache-2.0
// The layout of a pipeline file: what `weir fmt` writes.
//
// A block on one line stays there if it fits into 100 columns; any other block has
// one field per line, two spaces further in. Stages on neighbouring lines have their name and
// type in columns. Comments keep their place. Strings get double quotes, `< >` becomes `{ }`,
// and separators that mean nothing (`,` `;` and `:` before a block) go.
#ifndef WEIR_CORE_CONFIG_TEXT_FORMATTER_H_
#define WEIR_CORE_CONFIG_TEXT_FORMATTER_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace weir::config {

// Returns `text` in its layout. Needs neither plugins nor the environment: ${VAR} stays, and
// fields need not exist. The result has the same meaning, and its layout is itself.
// INVALID_ARGUMENT with the lines of LoadText for a text that is not well formed. Thread-safe.
absl::StatusOr<std::string> FormatText(std::string_view text, std::string_view file_name);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_TEXT_FORMATTER_H_
