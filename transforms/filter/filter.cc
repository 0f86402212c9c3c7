// SPDX-License-Identifier: Apache-2.0
#include "transforms/filter/filter.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "plugins/sdk/emit_rows.h"
#include "transforms/filter/expression.h"

namespace weir::transforms {

sdk::Result<std::unique_ptr<FilterTransform>> FilterTransform::Create(const Filter& config,
                                                                      sdk::Stage stage) {
  sdk::Result<Expression> expression = ParseExpression(config.expression());
  if (!expression.ok()) {
    return sdk::Status(expression.status().code(),
                       absl::StrCat("expression: ", expression.status().message()));
  }
  return std::unique_ptr<FilterTransform>(new FilterTransform(*expression, std::move(stage)));
}

FilterTransform::FilterTransform(const Expression& expression, sdk::Stage stage)
    : program_(expression), stage_(std::move(stage)) {}

sdk::Status FilterTransform::Diagnose(const sdk::Findings& findings) {
  findings.Add({WEIR_FINDING_OK, "memory", "holds no records"});
  return sdk::OkStatus();
}

sdk::Status FilterTransform::Process(const BatchView& batch) {
  passing_.clear();
  for (uint32_t i = 0; i < batch.size(); ++i) {
    if (program_.Matches(batch[i])) passing_.push_back(i);
  }
  stage_.CountFiltered(batch.size() - passing_.size());
  return sdk::EmitRows(stage_, *batch.raw(), passing_);
}

}  // namespace weir::transforms
