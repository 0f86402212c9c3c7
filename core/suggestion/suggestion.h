// SPDX-License-Identifier: Apache-2.0
// "did you mean": the known name that is nearest to one that is not known.
#ifndef WEIR_CORE_SUGGESTION_SUGGESTION_H_
#define WEIR_CORE_SUGGESTION_SUGGESTION_H_

#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Returns the element of `known` that is most similar to `name`, or an empty string if none is
// similar enough: at most a third of the letters may differ. Case does not count.
std::string Nearest(std::string_view name, const std::vector<std::string>& known);

// Returns "; did you mean 'x'?", or an empty string if nothing in `known` is similar.
std::string DidYouMean(std::string_view name, const std::vector<std::string>& known);

}  // namespace weir

#endif  // WEIR_CORE_SUGGESTION_SUGGESTION_H_
