// SPDX-License-Identifier: Apache-2.0
// The version of weir.
#ifndef WEIR_CORE_PLUGIN_VERSION_H_
#define WEIR_CORE_PLUGIN_VERSION_H_

namespace weir::plugin {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace weir::plugin

#endif  // WEIR_CORE_PLUGIN_VERSION_H_
