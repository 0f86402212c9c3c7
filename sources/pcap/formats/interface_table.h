// SPDX-License-Identifier: Apache-2.0
// Gives the interfaces of captures their indexes, over all sections and files of a run.
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

// Interfaces of one name are one interface, whatever section or file they are in. So are
// interfaces without a name that have the same number in their section; that of a pcap file
// has the number 0. An interface keeps the index that it got first: its number, or the lowest
// free index if another interface has that. One thread.
class InterfaceTable {
 public:
  // Of more interfaces than this there is no name, and the index is kNoIndex, so that memory stays
  // bounded.
  static constexpr size_t kMost = 65'536;
  // No other interface has it: numbers are less than kMost, and so is a free index.
  static constexpr uint32_t kNoIndex = UINT32_MAX;
  // Bytes of a name that count.
  static constexpr size_t kMaxName = 255;

  // With a `name`, all interfaces are one, which has this name and the index 0.
  explicit InterfaceTable(std::string name = {}) : name_(std::move(name)) {}

  // Sets index and name of an interface that has this number, and this name in the file.
  // `number` is less than kMost.
  void Register(uint32_t number, std::string_view name, CaptureInterface* interface);

  // How often an interface got kNoIndex.
  uint64_t without_index() const { return without_index_; }

 private:
  uint32_t IndexOf(uint32_t number, std::string_view name);

  const std::string name_;
  std::unordered_map<std::string, uint32_t> indexes_;
  std::unordered_set<uint32_t> taken_;
  uint32_t lowest_free_ = 0;  // no index below is free
  uint64_t without_index_ = 0;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FORMATS_INTERFACE_TABLE_H_
