// SPDX-License-Identifier: Apache-2.0
// The transform `sample`: passes one of every `interval` records or flows, at random.
#ifndef WEIR_TRANSFORMS_SAMPLE_SAMPLE_H_
#define WEIR_TRANSFORMS_SAMPLE_SAMPLE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "core/record/batch.h"
#include "core/record/record.h"
#include "plugins/sdk/component.h"
#include "plugins/sdk/findings.h"
#include "transforms/sample/random_bits.h"
#include "transforms/sample/sample.pb.h"

namespace weir::transforms {

// Holds no records and no flows: the key of a flow decides whether it passes. Each record or flow
// passes with a probability of 1 / interval, exact to 2^-32 of it.
//
// Called by one thread at a time, as the host does.
class SampleTransform : public sdk::Transform {
 public:
  static constexpr uint64_t kCapabilities = 0;

  static sdk::Result<std::unique_ptr<SampleTransform>> Create(const Sample& config,
                                                              sdk::Stage stage);

  sdk::Status Diagnose(const sdk::Findings& findings) override;
  sdk::Status Process(const BatchView& batch) override;

 private:
  SampleTransform(uint32_t interval, Sample::By by, uint64_t seed, sdk::Stage stage);

  bool Passes(const Record& record);
  // Sets the sampling interval of `record`, which stands for interval_ records.
  void Scale(Record* record) const;

  const uint32_t interval_;
  const Sample::By by_;
  const uint64_t seed_;
  const uint64_t last_that_passes_;  // a record passes if its random number is not greater
  const sdk::Stage stage_;
  RandomBits random_;
  std::vector<uint32_t> passing_;  // passing rows of the batch; a member to reuse its memory
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_SAMPLE_SAMPLE_H_
