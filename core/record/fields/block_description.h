// SPDX-License-Identifier: Apache-2.0
// The host's own copy of the description of a block.
#ifndef WEIR_CORE_RECORD_FIELDS_BLOCK_DESCRIPTION_H_
#define WEIR_CORE_RECORD_FIELDS_BLOCK_DESCRIPTION_H_

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "plugins/abi/weir_fields.h"

namespace weir {

// Owns all that its spec() points to. Immutable, so thread-safe.
class BlockDescription {
 public:
  // Checks (check_block.h) and copies a description of a plugin. The structs of the copy have the
  // sizes that the host knows.
  static absl::StatusOr<std::unique_ptr<const BlockDescription>> Create(
      const weir_block_spec* block);

  BlockDescription(const BlockDescription&) = delete;
  BlockDescription& operator=(const BlockDescription&) = delete;

  const weir_block_spec& spec() const { return spec_; }

 private:
  explicit BlockDescription(const weir_block_spec& block);

  const char* Copy(const char* text);
  weir_field Copy(const weir_field& field);

  weir_block_spec spec_;
  std::vector<weir_field> fields_;
  std::deque<std::vector<weir_value_name>> value_names_;
  std::deque<std::string> texts_;  // a deque moves no text
};

}  // namespace weir

#endif  // WEIR_CORE_RECORD_FIELDS_BLOCK_DESCRIPTION_H_
