// SPDX-License-Identifier: Apache-2.0
// The sink `batch_totals`: appends one line per batch to a file, with the number of records
// and the sums of their packets and bytes.
#ifndef BATCH_TOTALS_BATCH_TOTALS_H_
#define BATCH_TOTALS_BATCH_TOTALS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "batch_totals/batch_totals.pb.h"
#include "core/record/batch.h"
#include "plugins/sdk/component.h"

namespace example {

// One thread at a time; the host calls it so.
class BatchTotalsSink : public weir::sdk::Sink {
 public:
  // Needs no Linux capability, so the host may give up all of them.
  static constexpr uint64_t kCapabilities = 0;

  static weir::sdk::Result<std::unique_ptr<BatchTotalsSink>> Create(const BatchTotals& config,
                                                                    weir::sdk::Stage stage);
  ~BatchTotalsSink() override;

  weir::sdk::Status Start() override;
  weir::sdk::Status Process(const weir::BatchView& batch) override;
  weir::sdk::Status Stop() override;

 private:
  BatchTotalsSink(const BatchTotals& config, weir::sdk::Stage stage);

  const std::string path_;
  const weir::sdk::Stage stage_;
  int fd_ = -1;
};

}  // namespace example

#endif  // BATCH_TOTALS_BATCH_TOTALS_H_
