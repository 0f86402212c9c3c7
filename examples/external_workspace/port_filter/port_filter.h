// SPDX-License-Identifier: Apache-2.0
// The transform `port_filter`: keeps records of certain ports, of TCP, UDP and their
// like. What has no ports has port 0, which is never one of them.
#ifndef PORT_FILTER_PORT_FILTER_H_
#define PORT_FILTER_PORT_FILTER_H_

#include <cstdint>
#include <memory>

#include "absl/container/flat_hash_set.h"
#include "core/record/batch.h"
#include "core/record/record.h"
#include "plugins/sdk/component.h"
#include "port_filter/port_filter.pb.h"

namespace example {

// Called by one thread at a time, as the host does.
class PortFilterTransform : public weir::sdk::Transform {
 public:
  static weir::sdk::Result<std::unique_ptr<PortFilterTransform>> Create(const PortFilter& config,
                                                                        weir::sdk::Stage stage);

  weir::sdk::Status Process(const weir::BatchView& batch) override;

 private:
  PortFilterTransform(const PortFilter& config, weir::sdk::Stage stage);

  bool Keeps(const weir::Record& record) const;

  const absl::flat_hash_set<uint32_t> ports_;
  const bool invert_;
  const weir::sdk::Stage stage_;
};

}  // namespace example

#endif  // PORT_FILTER_PORT_FILTER_H_
