// SPDX-License-Identifier: Apache-2.0
// The objects that the stages of one pipeline share (weir_host.shared).
#ifndef WEIR_CORE_PLUGIN_SHARED_OBJECTS_H_
#define WEIR_CORE_PLUGIN_SHARED_OBJECTS_H_

#include <map>
#include <memory>
#include <string>
#include <utility>

namespace weir::plugin {

// A shared object together with its dispose function.
using SharedObject = std::shared_ptr<void>;

// Finds shared objects by plugin and name. Does not keep them alive: the stages that asked
// for them do. Control thread only.
class SharedObjects {
 public:
  // Returns the object with that plugin file and name, or else makes it by `make`. If
  // `make` returns null, returns null and keeps nothing. Calls `dispose` with the object
  // after the last reference is gone.
  SharedObject Get(const std::string& plugin, const std::string& name, void* (*make)(void),
                   void (*dispose)(void*)) {
    std::weak_ptr<void>& slot = objects_[{plugin, name}];
    if (SharedObject object = slot.lock()) return object;
    void* const made = make();
    if (made == nullptr) return nullptr;
    SharedObject object(made, dispose);
    slot = object;
    return object;
  }

 private:
  std::map<std::pair<std::string, std::string>, std::weak_ptr<void>> objects_;
};

}  // namespace weir::plugin

#endif  // WEIR_CORE_PLUGIN_SHARED_OBJECTS_H_
