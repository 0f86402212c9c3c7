// SPDX-License-Identifier: Apache-2.0
#include "transforms/accounter/flow_key.h"

#include <random>

namespace weir::transforms {

FlowHash FlowHash::Random() {
  std::random_device device;
  Key key;
  for (uint64_t& word : key) word = (uint64_t{device()} << 32) | device();
  return FlowHash(key);
}

}  // namespace weir::transforms
