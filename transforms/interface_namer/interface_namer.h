// SPDX-License-Identifier: Apache-2.0
// The transform `interface_namer`: gives each record the name of its interface.
#ifndef WEIR_TRANSFORMS_INTERFACE_NAMER_INTERFACE_NAMER_H_
#define WEIR_TRANSFORMS_INTERFACE_NAMER_INTERFACE_NAMER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "core/record/batch.h"
#include "core/record/record.h"
#include "plugins/sdk/component.h"
#include "transforms/interface_namer/interface_namer.pb.h"
#include "transforms/interface_namer/link_names.h"
#include "transforms/interface_namer/link_watcher.h"

namespace weir::transforms {

// The rule, in this order: the configured name of the index; the name that the record
// has already; where `live`, the kernel's, for records of weir's own network
// namespace; "unknown".
//
// Called by one thread at a time, as the host does; the watcher's thread runs beside.
class InterfaceNamerTransform : public sdk::Transform {
 public:
  static constexpr uint64_t kCapabilities = 0;

  static sdk::Result<std::unique_ptr<InterfaceNamerTransform>> Create(const InterfaceNamer& config,
                                                                      sdk::Stage stage);

  sdk::Status Start() override;
  sdk::Status Stop() override;
  sdk::Status Process(const BatchView& batch) override;

 private:
  using Names = absl::flat_hash_map<uint32_t, std::string>;

  // What one call of Process has found out: an interface's name is the same for all
  // records of a batch, and the kernel is asked once for each.
  struct BatchNames {
    Names names;
    bool refreshed = false;
  };

  InterfaceNamerTransform(const InterfaceNamer& config, sdk::Stage stage);

  bool NeedsName(const Record& record) const;
  sdk::Status Name(Record* record, BatchNames* found);
  // The name of an interface by the kernel, now or from before; empty if none.
  sdk::Result<std::string> LiveName(uint32_t if_index, bool* refreshed);
  bool IsOurs(const Record& record) const;

  const Names configured_;
  const bool live_;
  const sdk::Stage stage_;
  LinkNames link_names_;
  LinkWatcher watcher_{&link_names_};
  uint64_t own_namespace_ = 0;  // inode number
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_INTERFACE_NAMER_INTERFACE_NAMER_H_
