// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/formats/interface_table.h"

#include <algorithm>
#include <cstring>

namespace weir::pcap {

namespace {

// Returns the first `most` bytes, without an incomplete UTF-8 character at the end.
std::string_view Cut(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (text[most] & '\xc0') == '\x80') --most;
  return text.substr(0, most);
}

}  // namespace

void InterfaceTable::Register(uint32_t number, std::string_view name, CaptureInterface* interface) {
  if (!name_.empty()) {
    name = name_;
    interface->index = 0;
  } else {
    name = name.substr(0, name.find('\0'));
    interface->index = IndexOf(number, name.substr(0, kMaxName));
    if (interface->index == kNoIndex) {
      ++without_index_;
      name = {};
    }
  }
  std::memset(interface->name, 0, sizeof(interface->name));
  name = Cut(name, kMaxInterfaceName);
  name.copy(interface->name, name.size());
}

uint32_t InterfaceTable::IndexOf(uint32_t number, std::string_view name) {
  // Names in the map contain no NUL.
  std::string key =
      name.empty() ? std::string(1, '\0') + std::to_string(number) : std::string(name);
  if (const auto found = indexes_.find(key); found != indexes_.end()) return found->second;
  if (indexes_.size() == kMost) return kNoIndex;
  uint32_t index = number;
  if (taken_.count(number) > 0) {
    while (taken_.count(lowest_free_) > 0) ++lowest_free_;
    index = lowest_free_;
  }
  taken_.insert(index);
  indexes_.emplace(std::move(key), index);
  return index;
}

}  // namespace weir::pcap
