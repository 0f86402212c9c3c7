// SPDX-License-Identifier: Apache-2.0
// Whether a text is UTF-8: a protobuf string that is not would be refused by the
// plugin that gets it.
#ifndef WEIR_CORE_CONFIG_UTF8_H_
#define WEIR_CORE_CONFIG_UTF8_H_

#include <string_view>

namespace weir::config {

// Without overlong forms and surrogates.
bool IsUtf8(std::string_view text);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_UTF8_H_
