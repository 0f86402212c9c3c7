// SPDX-License-Identifier: Apache-2.0
// Stores what many flows share only once: the interface name, the sampling interval and the agent's
// address.
#ifndef WEIR_TRANSFORMS_ACCOUNTER_LABEL_TABLE_H_
#define WEIR_TRANSFORMS_ACCOUNTER_LABEL_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/record/record.h"

namespace weir::transforms {

// One thread at a time.
class LabelTable {
 public:
  // The number in an entry can distinguish this many labels.
  static constexpr size_t kMaxLabels = 65535;
  static constexpr uint16_t kNone = 65535;

  // Returns the number of the record's label, which may be new; kNone if there are too many.
  uint16_t NumberOf(const Record& record) {
    const Label label = Label::Of(record);
    // Usually the label of the last record of the same interface.
    uint16_t& recent = recent_[record.if_index % recent_.size()];
    if (recent < labels_.size() && labels_[recent] == label) return recent;
    const auto found = numbers_.find(label);
    if (found != numbers_.end()) return recent = found->second;
    if (labels_.size() >= kMaxLabels) return kNone;
    recent = static_cast<uint16_t>(labels_.size());
    labels_.push_back(label);
    numbers_.emplace(label, recent);
    return recent;
  }

  void Apply(uint16_t number, Record* record) const {
    const Label& label = labels_[number];
    std::memcpy(record->interface_name, label.interface_name, sizeof(label.interface_name));
    record->sampling_interval = label.sampling_interval;
    std::memcpy(record->agent_ip, label.agent_ip, sizeof(label.agent_ip));
  }

  // Forgets all labels. No entry may have a label then.
  void Clear() {
    numbers_.clear();
    labels_.clear();
  }

  size_t size() const { return labels_.size(); }
  size_t bytes() const {
    return labels_.capacity() * sizeof(Label) +
           numbers_.capacity() * (sizeof(std::pair<Label, uint16_t>) + 1);
  }

 private:
  struct Label {
    char interface_name[sizeof(Record::interface_name)];
    uint32_t sampling_interval;
    uint8_t agent_ip[sizeof(Record::agent_ip)];

    static Label Of(const Record& record) {
      Label label;
      std::memcpy(label.interface_name, record.interface_name, sizeof(label.interface_name));
      label.sampling_interval = record.sampling_interval;
      std::memcpy(label.agent_ip, record.agent_ip, sizeof(label.agent_ip));
      return label;
    }
    friend bool operator==(const Label& a, const Label& b) {
      return std::memcmp(&a, &b, sizeof(Label)) == 0;
    }
    template <typename H>
    friend H AbslHashValue(H state, const Label& label) {
      return H::combine_contiguous(std::move(state), reinterpret_cast<const unsigned char*>(&label),
                                   sizeof(label));
    }
  };
  static_assert(sizeof(Label) == 48, "no byte of it is padding");

  absl::flat_hash_map<Label, uint16_t> numbers_;
  std::vector<Label> labels_;
  std::array<uint16_t, 64> recent_{};
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_ACCOUNTER_LABEL_TABLE_H_
