// SPDX-License-Identifier: Apache-2.0
// Reads the packets of a pcapng file (draft-ietf-opsawg-pcapng).
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

// Reads any number of sections, each with its own byte order and interfaces. Packets are in
// Enhanced, Simple and (obsolete) Packet Blocks. Other blocks and options are skipped, whatever
// their length; kMostInterfaces and kMostCaptured bound the memory. An interface gets an index from
// the table with its first packet.
//
// One thread.
class PcapngReader {
 public:
  // The most interfaces of a section. Packets of further interfaces share one CaptureInterface, in
  // which beyond_limit is set.
  static constexpr size_t kMostInterfaces = InterfaceTable::kMost;
  // The most bytes of a packet; the rest is skipped. This is libpcap's limit for most link types.
  static constexpr uint32_t kMostCaptured = 262'144;

  // Returns true if a file that begins with these bytes (the first 12, or the whole file) is
  // pcapng.
  static bool Recognizes(const uint8_t* bytes, size_t size);

  // Both must outlive the reader. `buffer` must be at the beginning of the file.
  PcapngReader(CaptureBuffer* buffer, InterfaceTable* table) : buffer_(buffer), table_(table) {
    beyond_limit_.common.beyond_limit = true;
  }
  PcapngReader(const PcapngReader&) = delete;
  PcapngReader& operator=(const PcapngReader&) = delete;

  // Reads the header of the first section.
  sdk::Status Open();

  // Reads the next packet, valid until the next call. Returns false at the end of the file, and
  // after an error; see status().
  bool Next(CapturedPacket* packet);

  // DATA_LOSS with the offset of the damaged or cut-off block, or the error of the stream.
  const sdk::Status& status() const { return status_; }
  // True if the error is that the file ends within a block.
  bool cut_off() const { return cut_off_; }

  // The number of interface options that have a wrong length, or are longer than their block. The
  // interface is read as if it did not have them.
  uint64_t ignored_options() const { return ignored_options_; }
  // The block offset and the fault of the first ignored option; empty if there is none.
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

  // Reads the next block up to its body. Returns false at the end and after an error.
  bool BeginBlock();
  bool FindByteOrder();
  // Skips the rest of the body and checks the end of the block.
  bool EndBlock();
  // Reads the body. Returns false after an error. Sets `found` if the block contains a packet.
  bool ReadBody(CapturedPacket* packet, bool* found);
  bool ReadSection();
  bool ReadInterface();
  // Returns false after an error.
  bool ReadInterfaceOptions(Interface* interface);
  void SetTime(Option option, uint8_t* resolution, int64_t* offset);
  bool ReadEnhancedPacket(CapturedPacket* packet);
  bool ReadOldPacket(CapturedPacket* packet);
  bool ReadSimplePacket(CapturedPacket* packet);
  // `header` contains the time in two halves, the captured size and the original size.
  bool ReadTimedPacket(uint32_t interface, const uint8_t* header, CapturedPacket* packet);
  bool ReadPacketBytes(uint32_t captured, CapturedPacket* packet);
  bool CopyPacketBytes(uint32_t captured, CapturedPacket* packet);
  void ReadDirection(CapturedPacket* packet);
  // Registers the interface with its first packet. Returns null after an error.
  const Interface* Find(uint32_t number);
  // Reads the header of the next option; its value comes next in the body. Returns false if there
  // is no further option.
  bool NextOption(Option* option);

  // Returns true if the next `size` bytes (at most a buffer) belong to the body and are in memory.
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

  // Both return false. FailCut is for a file that ends within the block.
  bool FailCut();
  bool Fail(const std::string& what);
  void IgnoreOption(const std::string& what);
  std::string Here() const {
    return "the pcapng block at offset " + std::to_string(block_offset_) + " ";
  }

  CaptureBuffer* const buffer_;
  InterfaceTable* const table_;
  // State of the section.
  bool swapped_ = false;
  std::deque<Interface> interfaces_;   // a deque, so that they do not move
  uint64_t described_interfaces_ = 0;  // including those beyond kMostInterfaces
  // State of the block.
  uint64_t block_offset_ = 0;
  uint32_t block_type_ = 0;
  uint32_t block_size_ = 0;
  uint32_t body_left_ = 0;
  bool whole_ = false;  // the buffer contains the whole block, and its end is well-formed

  std::vector<uint8_t> copy_;  // a packet of a block that is larger than the buffer
  Interface beyond_limit_;
  uint64_t ignored_options_ = 0;
  std::string first_ignored_option_;
  sdk::Status status_;
  bool cut_off_ = false;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FORMATS_PCAPNG_READER_H_
