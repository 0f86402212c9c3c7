// SPDX-License-Identifier: Apache-2.0
// Stops the exceptions of plugins, which the plugin interface forbids.
#ifndef WEIR_CORE_PLUGIN_EXCEPTION_GUARD_H_
#define WEIR_CORE_PLUGIN_EXCEPTION_GUARD_H_

#include <exception>
#include <string>

namespace weir::plugin {

// The error message of a plugin call that threw begins with this.
inline constexpr char kThrewException[] = "the plugin threw an exception";

// Calls `call`. Returns the message about the exception that it threw; empty if none.
template <typename Call>
std::string CatchException(Call&& call) {
  try {
    call();
    return {};
  } catch (const std::exception& exception) {
    return std::string(kThrewException) + ": " + exception.what();
  } catch (...) {
    return kThrewException;
  }
}

}  // namespace weir::plugin

#endif  // WEIR_CORE_PLUGIN_EXCEPTION_GUARD_H_
