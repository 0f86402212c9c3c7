// SPDX-License-Identifier: Apache-2.0
// The objects that stages of one pipeline share (weir_host.shared).
#ifndef WEIR_CORE_PLUGIN_SHARED_OBJECTS_H_
#define WEIR_CORE_PLUGIN_SHARED_OBJECTS_H_

#include <map>
#include <memory>
#include <string>
#include <utility>

namespace weir::plugin {

// A shared object with its disposal.
using SharedObject = std::shared_ptr<void>;

// Control thread only. Keeps no object alive itself: whoever asked does.
class SharedObjects {
 public:
  // The object of that plugin file and name; if it is not there, what `make` gives
  // (nothing is kept if that is null). `dispose` gets it after the last reference.
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
