// SPDX-License-Identifier: Apache-2.0
// The links of a documentation page, as they must be in the installed tree. There, folders are in
// other places than in the repository, and tests and sources are missing. Functions without state.
#ifndef WEIR_TOOLS_BUILD_INSTALLED_LINKS_H_
#define WEIR_TOOLS_BUILD_INSTALLED_LINKS_H_

#include <map>
#include <string>
#include <string_view>

namespace weir {

// From the path of a file in the repository to its path in the tree.
using InstalledFiles = std::map<std::string, std::string>;

// Returns the Markdown of `page` (its path in the repository, a key of `files`) with the links of
// the tree. A link to a file or folder that is not installed becomes plain text with its path,
// unless the text names the file. Code, anchors and addresses stay.
std::string WithInstalledLinks(std::string_view markdown, const std::string& page,
                               const InstalledFiles& files);

}  // namespace weir

#endif  // WEIR_TOOLS_BUILD_INSTALLED_LINKS_H_
