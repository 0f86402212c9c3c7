// SPDX-License-Identifier: Apache-2.0
// Assigns interface indexes, for all sections and files of a run.
#ifndef WEIR_SOURCES_PCAP_FORMATS_INTERFACE_TABLE_H_
#define WEIR_SOURCES_PCAP_FORMATS_INTERFACE_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "sources/pcap/formats/captured_packet.h"

namespace weir::pcap {

// Interfaces with the same name are one interface, in any section or file. Interfaces without a
// name are one interface if they have the same number in their section; the interface of a pcap
// file has number 0. An interface keeps its first index: its number, or the lowest free index if
// that number is taken. One thread.
class InterfaceTable {
 public:
  // The most interfaces. Further ones have no name and the index kNoIndex, so that memory is
  // bounded.
  static constexpr size_t kMost = 65'536;
  // No interface has this index: numbers and free indexes are less than kMost.
  static constexpr uint32_t kNoIndex = UINT32_MAX;
  // The most bytes of a name that are compared.
  static constexpr size_t kMaxName = 255;

  // If `name` is not empty, all interfaces are one, with this name and index 0.
  explicit InterfaceTable(std::string name = {}) : name_(std::move(name)) {}

  // Sets the index and the name of the interface with this number and this name in the file.
  // `number` must be less than kMost.
  void Register(uint32_t number, std::string_view name, CaptureInterface* interface);

  // The number of interfaces with the index kNoIndex.
  uint64_t without_index() const { return without_index_; }

 private:
  uint32_t IndexOf(uint32_t number, std::string_view name);

  const std::string name_;
  std::unordered_map<std::string, uint32_t> indexes_;
  std::unordered_set<uint32_t> taken_;
  uint32_t lowest_free_ = 0;  // all lower indexes are taken
  uint64_t without_index_ = 0;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FORMATS_INTERFACE_TABLE_H_
