// SPDX-License-Identifier: Apache-2.0
// The transform `interface_namer`: sets the interface name of each record.
#ifndef WEIR_TRANSFORMS_INTERFACE_NAMER_INTERFACE_NAMER_H_
#define WEIR_TRANSFORMS_INTERFACE_NAMER_INTERFACE_NAMER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "core/record/batch.h"
#include "core/record/record.h"
#include "plugins/sdk/component.h"
#include "plugins/sdk/findings.h"
#include "transforms/interface_namer/interface_namer.pb.h"
#include "transforms/interface_namer/link_names.h"
#include "transforms/interface_namer/link_watcher.h"

namespace weir::transforms {

// The first of these names is used: the configured name of the index; the name that the record
// already has; with `live`, the kernel's name, if the record is of weir's own network namespace;
// "unknown".
//
// Called by one thread at a time, as the host does. The watcher has a thread of its own.
class InterfaceNamerTransform : public sdk::Transform {
 public:
  static constexpr uint64_t kCapabilities = 0;

  static sdk::Result<std::unique_ptr<InterfaceNamerTransform>> Create(const InterfaceNamer& config,
                                                                      sdk::Stage stage);

  sdk::Status Diagnose(const sdk::Findings& findings) override;
  sdk::Status Start() override;
  sdk::Status Stop() override;
  sdk::Status Process(const BatchView& batch) override;

 private:
  using Names = absl::flat_hash_map<uint32_t, std::string>;

  // The names found in one call of Process. All records of a batch get the same name for an
  // interface, and the kernel is asked once per batch.
  struct BatchNames {
    Names names;
    bool refreshed = false;
  };

  InterfaceNamerTransform(const InterfaceNamer& config, sdk::Stage stage);

  bool NeedsName(const Record& record) const;
  sdk::Status Name(Record* record, BatchNames* found);
  // Returns the present or last name of an interface from the kernel; empty if there is none.
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
