// SPDX-License-Identifier: Apache-2.0
// Reads packets of a pcapng file (draft-ietf-opsawg-pcapng).
#ifndef WEIR_SOURCES_PCAP_FORMATS_PCAPNG_READER_H_
#define WEIR_SOURCES_PCAP_FORMATS_PCAPNG_READER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "plugins/sdk/status.h"
#include "sources/pcap/files/capture_buffer.h"
#include "sources/pcap/formats/capture_time.h"
#include "sources/pcap/formats/captured_packet.h"
#include "sources/pcap/formats/interface_table.h"

namespace weir::pcap {

// Any number of sections, each in its own byte order and with its own interfaces. Packets are
// in Enhanced, Simple and (obsolete) Packet Blocks. Blocks and options that are none of the
// reader's business are skipped, however long they are: memory is bounded by kMostInterfaces
// and kMostCaptured. An interface takes an index of the table with its first packet.
//
// One thread.
class PcapngReader {
 public:
  // Of one section. Packets of further interfaces have one CaptureInterface, which says that it is
  // beyond_limit.
  static constexpr size_t kMostInterfaces = InterfaceTable::kMost;
  // Of a longer packet the rest is skipped. libpcap's limit for most links.
  static constexpr uint32_t kMostCaptured = 262'144;

  // True if a file that begins with these bytes, 12 or the whole file, is pcapng.
  static bool Recognizes(const uint8_t* bytes, size_t size);

  // Both must outlive the reader. `buffer` is at the beginning of the file.
  PcapngReader(CaptureBuffer* buffer, InterfaceTable* table) : buffer_(buffer), table_(table) {
    beyond_limit_.common.beyond_limit = true;
  }
  PcapngReader(const PcapngReader&) = delete;
  PcapngReader& operator=(const PcapngReader&) = delete;

  // Reads the header of the first section.
  sdk::Status Open();

  // The next packet, valid until the next call. False at the end of the file and after an
  // error, which status() has.
  bool Next(CapturedPacket* packet);

  // DATA_LOSS with the offset of the block that is damaged or cut off, or the stream's error.
  const sdk::Status& status() const { return status_; }
  // True if the error is that the file ends within a block.
  bool cut_off() const { return cut_off_; }

  // Options of interfaces that have a wrong length, or that are longer than their block. The
  // interface is read as if it had no such option.
  uint64_t ignored_options() const { return ignored_options_; }
  // The offset of the first one's block, and its fault. Empty if there is none.
  const std::string& first_ignored_option() const { return first_ignored_option_; }

 private:
  struct Interface {
    CaptureInterface common;
    CaptureTime time;
    uint32_t snap_length = 0;  // 0: no limit
    bool is_registered = false;
    std::string name;  // until it is registered
  };
  struct Option {
    uint16_t code;
    uint16_t size;
  };

  // The next block up to its body. False: the end, or an error.
  bool BeginBlock();
  bool FindByteOrder();
  // Skips the rest of the body, and checks what is behind.
  bool EndBlock();
  // The body. False: an error. `found` becomes true if the block had a packet.
  bool ReadBody(CapturedPacket* packet, bool* found);
  bool ReadSection();
  bool ReadInterface();
  // False: an error of the file.
  bool ReadInterfaceOptions(Interface* interface);
  void SetTime(Option option, uint8_t* resolution, int64_t* offset);
  bool ReadEnhancedPacket(CapturedPacket* packet);
  bool ReadOldPacket(CapturedPacket* packet);
  bool ReadSimplePacket(CapturedPacket* packet);
  // `header` has the time in two halves and the captured and the original size.
  bool ReadTimedPacket(uint32_t interface, const uint8_t* header, CapturedPacket* packet);
  bool ReadPacketBytes(uint32_t captured, CapturedPacket* packet);
  bool CopyPacketBytes(uint32_t captured, CapturedPacket* packet);
  void ReadDirection(CapturedPacket* packet);
  // Registers it if this is its first packet. Null: an error.
  const Interface* Find(uint32_t number);
  // The header of the next option, whose value is what comes next in the body. False: there
  // is none.
  bool NextOption(Option* option);

  // Whether the next `size` bytes, of a buffer at most, are in the body and in memory.
  bool Need(uint32_t size);
  const uint8_t* body() const { return buffer_->data(); }
  void Take(uint32_t size) {
    buffer_->Take(size);
    body_left_ -= size;
  }
  bool Skip(uint32_t size);
  static uint32_t Padded(uint32_t size) { return (size + 3) & ~uint32_t{3}; }

  uint16_t U16(const uint8_t* bytes) const {
    uint16_t value = 0;
    std::memcpy(&value, bytes, sizeof(value));
    return swapped_ ? __builtin_bswap16(value) : value;
  }
  uint32_t U32(const uint8_t* bytes) const {
    uint32_t value = 0;
    std::memcpy(&value, bytes, sizeof(value));
    return swapped_ ? __builtin_bswap32(value) : value;
  }

  // Both return false. The first is for a file that ends within the block.
  bool FailCut();
  bool Fail(const std::string& what);
  void IgnoreOption(const std::string& what);
  std::string Here() const {
    return "the pcapng block at offset " + std::to_string(block_offset_) + " ";
  }

  CaptureBuffer* const buffer_;
  InterfaceTable* const table_;
  // Of the section.
  bool swapped_ = false;
  std::deque<Interface> interfaces_;   // which stay where they are
  uint64_t described_interfaces_ = 0;  // those beyond kMostInterfaces included
  // Of the block.
  uint64_t block_offset_ = 0;
  uint32_t block_type_ = 0;
  uint32_t block_size_ = 0;
  uint32_t body_left_ = 0;
  bool whole_ = false;  // all of it is in the buffer, and its end is as it should be

  std::vector<uint8_t> copy_;  // of a packet in a block that the buffer cannot hold
  Interface beyond_limit_;
  uint64_t ignored_options_ = 0;
  std::string first_ignored_option_;
  sdk::Status status_;
  bool cut_off_ = false;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FORMATS_PCAPNG_READER_H_
