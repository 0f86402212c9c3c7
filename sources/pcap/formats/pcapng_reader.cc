// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/formats/pcapng_reader.h"

#include <pcap/dlt.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "sources/pcap/links/link_layer.h"

namespace weir::pcap {

namespace {

// draft-ietf-opsawg-pcapng, section 11.1.
enum BlockType : uint32_t {
  kSectionHeader = 0x0a0d0d0a,  // the same in both byte orders
  kInterfaceDescription = 1,
  kOldPacket = 2,
  kSimplePacket = 3,
  kEnhancedPacket = 6,
};
constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr uint16_t kMajorVersion = 1;

// Sizes in bytes: the parts of a block around its body, and the fixed part of each body.
constexpr uint32_t kBlockBegin = 8;
constexpr uint32_t kBlockEnd = 4;
constexpr uint32_t kSectionBody = 16;
constexpr uint32_t kInterfaceBody = 8;
constexpr uint32_t kPacketBody = 20;
constexpr uint32_t kSimplePacketBody = 4;
constexpr uint32_t kOptionHeader = 4;

enum OptionCode : uint16_t {
  kEndOfOptions = 0,
  kInterfaceName = 2,
  kTimeResolution = 9,
  kTimeOffset = 14,
  kPacketFlags = 2,  // of Enhanced Packet Blocks and Packet Blocks
};

// A file contains a LINKTYPE_*. It equals libpcap's DLT_*, except for these.
int LinkTypeOf(uint16_t in_file) {
  switch (in_file) {
    case 100:
      return DLT_ATM_RFC1483;
    case 101:
      return DLT_RAW;
    case 102:
      return DLT_SLIP_BSDOS;
    case 103:
      return DLT_PPP_BSDOS;
    case 106:
      return DLT_ATM_CLIP;
    default:
      return in_file;
  }
}

}  // namespace

bool PcapngReader::Recognizes(const uint8_t* bytes, size_t size) {
  uint32_t type = 0;
  uint32_t magic = 0;
  if (size < sizeof(type)) return false;
  std::memcpy(&type, bytes, sizeof(type));
  if (type != kSectionHeader) return false;
  if (size < kBlockBegin + sizeof(magic)) return true;
  std::memcpy(&magic, bytes + kBlockBegin, sizeof(magic));
  return magic == kByteOrderMagic || __builtin_bswap32(magic) == kByteOrderMagic;
}

sdk::Status PcapngReader::Open() {
  if (BeginBlock() && ReadSection()) EndBlock();
  return status_;
}

bool PcapngReader::Next(CapturedPacket* packet) {
  bool found = false;
  while (!found) {
    if (!BeginBlock() || !ReadBody(packet, &found) || !EndBlock()) return false;
  }
  return true;
}

bool PcapngReader::BeginBlock() {
  if (!status_.ok()) return false;
  block_offset_ = buffer_->offset();
  if (!buffer_->Fill(kBlockBegin)) {
    const bool is_end = buffer_->size() == 0 && buffer_->status().ok();
    return is_end ? false : FailCut();
  }
  block_type_ = U32(body());
  if (block_type_ == kSectionHeader && !FindByteOrder()) return false;
  block_size_ = U32(body() + sizeof(uint32_t));
  if (block_size_ < kBlockBegin + kBlockEnd || block_size_ % 4 != 0) {
    return Fail("cannot have a length of " + std::to_string(block_size_));
  }
  whole_ = block_size_ <= CaptureBuffer::kCapacity;
  if (whole_) {
    if (!buffer_->Fill(block_size_)) return FailCut();
    if (U32(body() + block_size_ - kBlockEnd) != block_size_) {
      return Fail("has two lengths that differ");
    }
  }
  body_left_ = block_size_ - kBlockEnd;
  Take(kBlockBegin);
  return true;
}

bool PcapngReader::FindByteOrder() {
  if (!buffer_->Fill(kBlockBegin + sizeof(uint32_t))) return FailCut();
  swapped_ = false;
  if (U32(body() + kBlockBegin) == kByteOrderMagic) return true;
  swapped_ = true;
  if (U32(body() + kBlockBegin) == kByteOrderMagic) return true;
  return Fail("has no byte-order magic");
}

bool PcapngReader::EndBlock() {
  if (!Skip(body_left_)) return false;
  if (!whole_) {
    if (!buffer_->Fill(kBlockEnd)) return FailCut();
    if (U32(body()) != block_size_) return Fail("has two lengths that differ");
  }
  buffer_->Take(kBlockEnd);
  return true;
}

bool PcapngReader::ReadBody(CapturedPacket* packet, bool* found) {
  switch (block_type_) {
    case kEnhancedPacket:
      *found = ReadEnhancedPacket(packet);
      return *found;
    case kSimplePacket:
      *found = ReadSimplePacket(packet);
      return *found;
    case kOldPacket:
      *found = ReadOldPacket(packet);
      return *found;
    case kInterfaceDescription:
      return ReadInterface();
    case kSectionHeader:
      return ReadSection();
    default:
      return true;
  }
}

bool PcapngReader::ReadSection() {
  if (!Need(kSectionBody)) return false;
  if (const uint16_t major = U16(body() + 4); major != kMajorVersion) {
    return Fail("has the unknown version " + std::to_string(major) + "." +
                std::to_string(U16(body() + 6)) + " of pcapng");
  }
  interfaces_.clear();
  described_interfaces_ = 0;
  return true;
}

bool PcapngReader::ReadInterface() {
  ++described_interfaces_;
  if (interfaces_.size() == kMostInterfaces) return true;
  if (!Need(kInterfaceBody)) return false;
  Interface interface;
  interface.common.link_type = LinkTypeOf(U16(body()));
  interface.common.link = LinkLayerOf(interface.common.link_type);
  interface.common.swapped = swapped_;
  interface.snap_length = U32(body() + 4);
  Take(kInterfaceBody);
  if (!ReadInterfaceOptions(&interface)) return false;
  interfaces_.push_back(std::move(interface));
  return true;
}

// Ignores options of a wrong length. The length of the block still leads to the next block.
bool PcapngReader::ReadInterfaceOptions(Interface* interface) {
  int64_t offset = 0;
  Option option{};
  while (NextOption(&option)) {
    if (Padded(option.size) > body_left_) {
      IgnoreOption("an option that is longer than it");
      break;
    }
    if (!Need(option.size)) return false;
    if (option.code == kInterfaceName) {
      interface->name.assign(reinterpret_cast<const char*>(body()),
                             std::min<size_t>(option.size, InterfaceTable::kMaxName));
    } else {
      SetTime(option, &interface->common.time_resolution, &offset);
    }
    if (!Skip(Padded(option.size))) return false;
  }
  interface->time = CaptureTime(interface->common.time_resolution, offset);
  return status_.ok();
}

void PcapngReader::SetTime(Option option, uint8_t* resolution, int64_t* offset) {
  if (option.code == kTimeResolution) {
    if (option.size != sizeof(*resolution)) return IgnoreOption("an if_tsresol of a wrong length");
    *resolution = *body();
  } else if (option.code == kTimeOffset) {
    if (option.size != sizeof(*offset)) return IgnoreOption("an if_tsoffset of a wrong length");
    std::memcpy(offset, body(), sizeof(*offset));
    if (swapped_) *offset = static_cast<int64_t>(__builtin_bswap64(static_cast<uint64_t>(*offset)));
  }
}

bool PcapngReader::ReadEnhancedPacket(CapturedPacket* packet) {
  if (!Need(kPacketBody)) return false;
  return ReadTimedPacket(U32(body()), body() + 4, packet);
}

// The high half of the first word is a count of dropped packets.
bool PcapngReader::ReadOldPacket(CapturedPacket* packet) {
  if (!Need(kPacketBody)) return false;
  return ReadTimedPacket(U16(body()), body() + 4, packet);
}

bool PcapngReader::ReadTimedPacket(uint32_t interface, const uint8_t* header,
                                   CapturedPacket* packet) {
  const Interface* const found = Find(interface);
  if (found == nullptr) return false;
  const uint64_t ticks = uint64_t{U32(header)} << 32 | U32(header + 4);
  const uint32_t captured = U32(header + 8);
  const std::optional<uint64_t> time = found->time.Nanoseconds(ticks);
  packet->has_time = time.has_value() && !found->common.beyond_limit;
  packet->time_ns = packet->has_time ? *time : 0;
  packet->original_bytes = U32(header + 12);
  packet->interface = &found->common;
  packet->direction = PacketDirection::kUnknown;
  Take(kPacketBody);
  if (captured > body_left_) {
    return Fail("has a packet of " + std::to_string(captured) + " bytes, which is longer than it");
  }
  if (!ReadPacketBytes(captured, packet)) return false;
  if (!Skip(std::min(Padded(captured) - captured, body_left_))) return false;
  ReadDirection(packet);
  return status_.ok();
}

bool PcapngReader::ReadSimplePacket(CapturedPacket* packet) {
  if (!Need(kSimplePacketBody)) return false;
  const Interface* const found = Find(0);
  if (found == nullptr) return false;
  packet->has_time = false;
  packet->time_ns = 0;
  packet->original_bytes = U32(body());
  packet->interface = &found->common;
  packet->direction = PacketDirection::kUnknown;
  Take(kSimplePacketBody);
  uint32_t captured = std::min(packet->original_bytes, body_left_);
  if (found->snap_length != 0) captured = std::min(captured, found->snap_length);
  return ReadPacketBytes(captured, packet);
}

bool PcapngReader::ReadPacketBytes(uint32_t captured, CapturedPacket* packet) {
  if (!whole_) return CopyPacketBytes(captured, packet);
  packet->bytes = body();
  packet->captured_bytes = captured;
  Take(captured);
  return true;
}

bool PcapngReader::CopyPacketBytes(uint32_t captured, CapturedPacket* packet) {
  const uint32_t kept = std::min(captured, kMostCaptured);
  copy_.clear();
  while (copy_.size() < kept) {
    if (buffer_->size() == 0 && !buffer_->Fill(1)) return FailCut();
    const size_t part = std::min(buffer_->size(), kept - copy_.size());
    copy_.insert(copy_.end(), body(), body() + part);
    Take(static_cast<uint32_t>(part));
  }
  packet->bytes = copy_.data();
  packet->captured_bytes = kept;
  return Skip(captured - kept);
}

// Malformed options do not harm the packet: its direction stays unknown.
void PcapngReader::ReadDirection(CapturedPacket* packet) {
  Option option{};
  while (NextOption(&option) && Padded(option.size) <= body_left_) {
    if (option.code == kPacketFlags && option.size == sizeof(uint32_t)) {
      if (!Need(option.size)) return;
      const uint32_t direction = U32(body()) & 3;
      if (direction == 1) packet->direction = PacketDirection::kInbound;
      if (direction == 2) packet->direction = PacketDirection::kOutbound;
    }
    if (!Skip(Padded(option.size))) return;
  }
}

const PcapngReader::Interface* PcapngReader::Find(uint32_t number) {
  if (number < interfaces_.size()) {
    Interface* const found = &interfaces_[number];
    if (!found->is_registered) {
      table_->Register(number, std::exchange(found->name, {}), &found->common);
      found->is_registered = true;
    }
    return found;
  }
  if (number < described_interfaces_) return &beyond_limit_;
  Fail("has a packet of interface " + std::to_string(number) + ", of which the section has " +
       std::to_string(described_interfaces_));
  return nullptr;
}

bool PcapngReader::NextOption(Option* option) {
  if (body_left_ < kOptionHeader || !Need(kOptionHeader)) return false;
  option->code = U16(body());
  option->size = U16(body() + 2);
  Take(kOptionHeader);
  return option->code != kEndOfOptions;
}

bool PcapngReader::Need(uint32_t size) {
  if (size > body_left_) return Fail("is too short");
  return buffer_->Fill(size) || FailCut();
}

bool PcapngReader::Skip(uint32_t size) {
  while (size > 0) {
    if (buffer_->size() == 0 && !buffer_->Fill(1)) return FailCut();
    const auto part = static_cast<uint32_t>(std::min<size_t>(buffer_->size(), size));
    Take(part);
    size -= part;
  }
  return true;
}

bool PcapngReader::FailCut() {
  if (!buffer_->status().ok()) {
    status_ = buffer_->status();
    return false;
  }
  cut_off_ = true;
  return Fail("is cut off");
}

bool PcapngReader::Fail(const std::string& what) {
  status_ = sdk::Status(WEIR_DATA_LOSS, Here() + what);
  return false;
}

void PcapngReader::IgnoreOption(const std::string& what) {
  if (ignored_options_ == 0) first_ignored_option_ = Here() + "has " + what;
  ++ignored_options_;
}

}  // namespace weir::pcap
