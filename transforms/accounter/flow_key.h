// SPDX-License-Identifier: Apache-2.0
// What makes two records the same flow, as the key of a hash table.
#ifndef WEIR_TRANSFORMS_ACCOUNTER_FLOW_KEY_H_
#define WEIR_TRANSFORMS_ACCOUNTER_FLOW_KEY_H_

#include <cstdint>
#include <cstring>
#include <utility>

#include "core/record/record.h"

namespace weir::transforms {

// The reference's key, and the namespace that its interface index is of: two
// namespaces may both have an interface 2. Packed: no byte is padding, so that all
// of them can be compared and hashed at once.
struct __attribute__((packed)) FlowKey {
  RecordKey key;
  uint64_t network_namespace;

  static FlowKey Of(const Record& record) { return {KeyOf(record), record.network_namespace}; }

  friend bool operator==(const FlowKey& a, const FlowKey& b) {
    return std::memcmp(&a, &b, sizeof(FlowKey)) == 0;
  }
  template <typename H>
  friend H AbslHashValue(H state, const FlowKey& flow) {
    return H::combine_contiguous(std::move(state), reinterpret_cast<const unsigned char*>(&flow),
                                 sizeof(FlowKey));
  }
};

static_assert(sizeof(FlowKey) == 64);

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_ACCOUNTER_FLOW_KEY_H_
