// SPDX-License-Identifier: Apache-2.0
// The transform `filter`: passes the records that match an expression.
#ifndef WEIR_TRANSFORMS_FILTER_FILTER_H_
#define WEIR_TRANSFORMS_FILTER_FILTER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "core/record/batch.h"
#include "plugins/sdk/component.h"
#include "plugins/sdk/findings.h"
#include "transforms/filter/filter.pb.h"
#include "transforms/filter/program.h"

namespace weir::transforms {

// Holds no records: the matching records of a batch are emitted at once, in one batch. If all
// records match, the batch itself is emitted.
//
// Called by one thread at a time, as the host does.
class FilterTransform : public sdk::Transform {
 public:
  static constexpr uint64_t kCapabilities = 0;

  static sdk::Result<std::unique_ptr<FilterTransform>> Create(const Filter& config,
                                                              sdk::Stage stage);

  sdk::Status Diagnose(const sdk::Findings& findings) override;
  sdk::Status Process(const BatchView& batch) override;

 private:
  FilterTransform(const Expression& expression, sdk::Stage stage);

  const Program program_;
  const sdk::Stage stage_;
  std::vector<uint32_t> passing_;  // matching rows of the batch; a member to reuse its memory
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_FILTER_FILTER_H_
