// SPDX-License-Identifier: Apache-2.0
#include "transforms/interface_namer/link_names.h"

namespace weir::transforms {

void LinkNames::SetPresent(uint32_t if_index, const std::string& name) {
  const absl::MutexLock lock(&mutex_);
  gone_.erase(if_index);
  present_[if_index] = name;
}

void LinkNames::SetGone(uint32_t if_index, const std::string& name) {
  const absl::MutexLock lock(&mutex_);
  present_.erase(if_index);
  gone_[if_index] = {name, ++last_number_};
  gone_order_.emplace_back(last_number_, if_index);
  if (gone_order_.size() <= kMaxGone) return;
  const auto [number, oldest] = gone_order_.front();
  gone_order_.pop_front();
  const auto found = gone_.find(oldest);
  if (found != gone_.end() && found->second.number == number) gone_.erase(found);
}

std::optional<std::string> LinkNames::Find(uint32_t if_index) const {
  const absl::MutexLock lock(&mutex_);
  if (const auto found = present_.find(if_index); found != present_.end()) return found->second;
  if (const auto found = gone_.find(if_index); found != gone_.end()) return found->second.name;
  return std::nullopt;
}

}  // namespace weir::transforms
