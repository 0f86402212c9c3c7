// SPDX-License-Identifier: Apache-2.0
// Starts a thread without exceptions: std::thread throws if the system has no thread to give
// (`ulimit -u`). For the host and for plugins.
#ifndef WEIR_PLUGINS_SDK_THREAD_H_
#define WEIR_PLUGINS_SDK_THREAD_H_

#include <exception>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "plugins/sdk/status.h"

namespace weir::sdk {

// Makes `*thread`, which must not be joinable, a thread that calls `body`. `purpose` completes
// "start a thread", such as "for signals"; empty: nothing. RESOURCE_EXHAUSTED with the reason of
// the system if there is no thread; `*thread` is then not changed.
template <typename Body>
Status StartThread(std::thread* thread, std::string_view purpose, Body body) {
  std::string reason;
  try {
    *thread = std::thread(std::move(body));
    return OkStatus();
  } catch (const std::system_error& error) {
    reason = error.code().message();
  } catch (const std::exception&) {
    reason = "out of memory";
  }
  std::string message("start a thread");
  if (!purpose.empty()) message.append(" ").append(purpose);
  return {WEIR_RESOURCE_EXHAUSTED, message + ": " + reason};
}

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_THREAD_H_
