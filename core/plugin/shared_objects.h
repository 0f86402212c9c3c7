// SPDX-License-Identifier: Apache-2.0
// The objects that the stages of one pipeline share (weir_host.shared).
#ifndef WEIR_CORE_PLUGIN_SHARED_OBJECTS_H_
#define WEIR_CORE_PLUGIN_SHARED_OBJECTS_H_

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "core/plugin/exception_guard.h"
#include "core/record/terminal_text.h"
#include "glog/logging.h"

namespace weir::plugin {

// A shared object together with its dispose function.
using SharedObject = std::shared_ptr<void>;

// Finds shared objects by plugin and name. Does not keep them alive: the stages that asked
// for them do. Control thread only.
class SharedObjects {
 public:
  // Returns the object with that plugin file and name, or else makes it by `make`. If
  // `make` returns null, returns null and keeps nothing. Calls `dispose` with the object
  // after the last reference is gone. An exception of `make` counts as null; one of `dispose` is
  // an error in the log.
  SharedObject Get(const std::string& plugin, const std::string& name, void* (*make)(void),
                   void (*dispose)(void*)) {
    std::weak_ptr<void>& slot = objects_[{plugin, name}];
    if (SharedObject object = slot.lock()) return object;
    void* made = nullptr;
    LogException(name, CatchException([&] { made = make(); }));
    if (made == nullptr) return nullptr;
    SharedObject object(made, [dispose, name](void* it) {
      LogException(name, CatchException([&] { dispose(it); }));
    });
    slot = object;
    return object;
  }

 private:
  static void LogException(const std::string& name, const std::string& thrown) {
    if (!thrown.empty()) LOG(ERROR) << "shared object '" << name << "': " << TerminalLine(thrown);
  }

  std::map<std::pair<std::string, std::string>, std::weak_ptr<void>> objects_;
};

}  // namespace weir::plugin

#endif  // WEIR_CORE_PLUGIN_SHARED_OBJECTS_H_
