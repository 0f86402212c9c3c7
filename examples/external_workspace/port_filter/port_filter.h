// SPDX-License-Identifier: Apache-2.0
// The transform `port_filter`: passes the records whose source or destination port is listed.
// A protocol without ports has port 0, which cannot be listed.
#ifndef PORT_FILTER_PORT_FILTER_H_
#define PORT_FILTER_PORT_FILTER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "core/record/batch.h"
#include "core/record/record.h"
#include "plugins/sdk/component.h"
#include "port_filter/port_filter.pb.h"

namespace example {

// One thread at a time; the host calls it so.
class PortFilterTransform : public weir::sdk::Transform {
 public:
  // Needs no Linux capability, so the host may give up all of them.
  static constexpr uint64_t kCapabilities = 0;

  static weir::sdk::Result<std::unique_ptr<PortFilterTransform>> Create(const PortFilter& config,
                                                                        weir::sdk::Stage stage);

  weir::sdk::Status Process(const weir::BatchView& batch) override;

 private:
  PortFilterTransform(const PortFilter& config, weir::sdk::Stage stage);

  bool Keeps(const weir::Record& record) const;

  const absl::flat_hash_set<uint32_t> ports_;
  const bool invert_;
  const weir::sdk::Stage stage_;
  std::vector<uint32_t> kept_;  // row numbers; a member to reuse its memory
};

}  // namespace example

#endif  // PORT_FILTER_PORT_FILTER_H_
