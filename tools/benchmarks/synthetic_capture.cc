// SPDX-License-Identifier: Apache-2.0
#include "tools/benchmarks/synthetic_capture.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <unordered_set>

#include "plugins/sdk/errno_status.h"

namespace weir::benchmarks {

namespace {

constexpr size_t kMaxFrame = 1'514;
constexpr size_t kEthernet = 14;
constexpr uint8_t kIcmp = 1;
constexpr uint8_t kTcp = 6;
constexpr uint8_t kUdp = 17;
constexpr uint8_t kIcmpv6 = 58;

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

// A frame under construction; numbers go in in network byte order. What nothing was put
// into is zero, checksums among it.
class Frame {
 public:
  void Put8(uint8_t value) { bytes_[size_++] = value; }
  void Put16(uint32_t value) {
    Put8(static_cast<uint8_t>(value >> 8));
    Put8(static_cast<uint8_t>(value));
  }
  void Put32(uint32_t value) {
    Put16(value >> 16);
    Put16(value);
  }
  void Skip(size_t bytes) { size_ += bytes; }

  size_t size() const { return size_; }
  const uint8_t* data() const { return bytes_.data(); }

 private:
  std::array<uint8_t, kMaxFrame> bytes_{};
  size_t size_ = 0;
};

struct Packet {
  uint32_t conversation;
  bool back;    // from the one who answers
  size_t size;  // of the frame
};

bool IsIpv6(uint32_t conversation) { return conversation % 10 >= 7; }

uint8_t ProtocolOf(uint32_t conversation) {
  const uint32_t kind = conversation / 10 % 10;
  if (kind < 7) return kTcp;
  if (kind < 9) return kUdp;
  return IsIpv6(conversation) ? kIcmpv6 : kIcmp;
}

size_t TransportHeader(uint8_t protocol) { return protocol == kTcp ? 20 : 8; }

void PutEthernet(const Packet& packet, Frame* frame) {
  for (const bool source : {false, true}) {
    frame->Put16(0x0200);
    frame->Put32(source != packet.back ? 1 : 2);
  }
  frame->Put16(IsIpv6(packet.conversation) ? 0x86DD : 0x0800);
}

// The client has an address of its own for each conversation, the servers are 250.
void PutAddress(const Packet& packet, bool source, Frame* frame) {
  const bool client = source != packet.back;
  if (IsIpv6(packet.conversation)) {
    frame->Put32(client ? 0xFD780000 : 0xFD790000);
    frame->Skip(8);
    frame->Put32(client ? packet.conversation : 1 + packet.conversation % 250);
  } else {
    frame->Put32(client ? 0x0A000000 + packet.conversation
                        : 0xC0000201 + packet.conversation % 250);
  }
}

void PutIp(const Packet& packet, uint8_t protocol, Frame* frame) {
  const size_t length = packet.size - kEthernet;
  if (IsIpv6(packet.conversation)) {
    frame->Put32(0x60000000);
    frame->Put16(static_cast<uint32_t>(length - 40));
    frame->Put8(protocol);
    frame->Put8(64);
  } else {
    frame->Put16(0x4500);
    frame->Put16(static_cast<uint32_t>(length));
    frame->Skip(4);
    frame->Put8(64);
    frame->Put8(protocol);
    frame->Skip(2);
  }
  PutAddress(packet, /*source=*/true, frame);
  PutAddress(packet, /*source=*/false, frame);
}

void PutTransport(const Packet& packet, uint8_t protocol, Frame* frame) {
  if (protocol == kIcmp || protocol == kIcmpv6) {
    const uint8_t request = protocol == kIcmp ? 8 : 128;
    const uint8_t reply = protocol == kIcmp ? 0 : 129;
    frame->Put8(packet.back ? reply : request);
    frame->Skip(7);
    return;
  }
  const uint32_t client = 1'024 + packet.conversation % 60'000;
  const uint32_t server = 443;
  frame->Put16(packet.back ? server : client);
  frame->Put16(packet.back ? client : server);
  if (protocol == kTcp) {
    frame->Put32(1);
    frame->Put32(1);
    frame->Put16(0x5018);  // 5 words of header; PSH, ACK
    frame->Put16(1'024);
    frame->Skip(4);
  } else {
    const size_t ip = IsIpv6(packet.conversation) ? 40 : 20;
    frame->Put16(static_cast<uint32_t>(packet.size - kEthernet - ip));
    frame->Skip(2);
  }
}

Frame FrameOf(const Packet& packet) {
  Frame frame;
  const uint8_t protocol = ProtocolOf(packet.conversation);
  PutEthernet(packet, &frame);
  PutIp(packet, protocol, &frame);
  PutTransport(packet, protocol, &frame);
  frame.Skip(packet.size - frame.size());
  return frame;
}

Packet NextPacket(uint32_t conversations, std::mt19937* random) {
  Packet packet{};
  const uint32_t busy = std::max<uint32_t>(conversations / 10, 1);
  packet.conversation = (*random)() % ((*random)() % 2 == 0 ? busy : conversations);
  packet.back = (*random)() % 2 == 0;
  const uint32_t kind = (*random)() % 10;
  packet.size = kind < 5 ? 54 + (*random)() % 60 : kind < 8 ? kMaxFrame : 114 + (*random)() % 1'400;
  const size_t least = kEthernet + (IsIpv6(packet.conversation) ? 40 : 20) +
                       TransportHeader(ProtocolOf(packet.conversation));
  packet.size = std::max(packet.size, least);
  return packet;
}

// The pcap format has its numbers in the writer's byte order.
bool Write32(const std::array<uint32_t, 4>& numbers, std::FILE* file) {
  return std::fwrite(numbers.data(), sizeof(numbers), 1, file) == 1;
}

bool WriteFileHeader(uint32_t snap_length, std::FILE* file) {
  const uint32_t link[2] = {snap_length, 1};  // DLT_EN10MB
  return Write32({0xA1B2C3D4, 2 | 4u << 16, 0, 0}, file) &&
         std::fwrite(link, sizeof(link), 1, file) == 1;
}

bool WritePacket(uint32_t number, const Frame& frame, uint32_t snap_length, std::FILE* file) {
  const auto size = static_cast<uint32_t>(frame.size());
  const uint32_t kept = std::min(size, snap_length);
  const uint64_t us = uint64_t{number} * 100;
  return Write32({static_cast<uint32_t>(1'661'272'402 + us / 1'000'000),
                  static_cast<uint32_t>(us % 1'000'000), kept, size},
                 file) &&
         std::fwrite(frame.data(), kept, 1, file) == 1;
}

}  // namespace

sdk::Result<CaptureContents> WriteCapture(const SyntheticCapture& capture,
                                          const std::string& path) {
  File file(std::fopen(path.c_str(), "wb"));
  if (file == nullptr) return sdk::ErrnoStatus("open " + path, errno);
  CaptureContents contents;
  std::unordered_set<uint64_t> flows;
  std::mt19937 random(1);
  bool written = WriteFileHeader(capture.snap_length, file.get());
  for (uint32_t i = 0; i < capture.packets && written; ++i) {
    const Packet packet = NextPacket(capture.conversations, &random);
    written = WritePacket(i, FrameOf(packet), capture.snap_length, file.get());
    ++contents.packets;
    contents.bytes += packet.size;
    flows.insert(uint64_t{packet.conversation} * 2 + (packet.back ? 1 : 0));
  }
  contents.flows = flows.size();
  if (!written || std::fflush(file.get()) != 0) return sdk::ErrnoStatus("write " + path, errno);
  return contents;
}

}  // namespace weir::benchmarks
