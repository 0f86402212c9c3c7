// SPDX-License-Identifier: Apache-2.0
// "did you mean": the known name that is nearest to one that is not known.
#ifndef WEIR_CORE_CONFIG_SUGGESTION_H_
#define WEIR_CORE_CONFIG_SUGGESTION_H_

#include <string>
#include <string_view>
#include <vector>

namespace weir::config {

// The one of `known` that differs from `name` least, in few enough letters (a third
// of them, and upper against lower case does not count) to be meant; empty if none.
std::string Nearest(std::string_view name, const std::vector<std::string>& known);

// "; did you mean 'x'?" or nothing.
std::string DidYouMean(std::string_view name, const std::vector<std::string>& known);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_SUGGESTION_H_
