// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// write_packets FOLDER: writes the packets of the two headers below into FOLDER, one file each.
// They are the corpus that fuzzing starts from:
//
//     bazel run //bpf/testing:write_packets -- "$PWD/bpf/testdata/packets"
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "bpf/testing/test_packets.h"
#include "bpf/testing/tunnel_packets.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: write_packets FOLDER\n");
    return 2;
  }
  std::vector<weir::ebpf::TestPacket> packets = weir::ebpf::AllPackets();
  for (const weir::ebpf::TunnelPacket& packet : weir::ebpf::TunnelPackets()) {
    packets.push_back(packet);
  }
  for (const weir::ebpf::TestPacket& packet : packets) {
    std::string name = packet.name;
    std::replace(name.begin(), name.end(), ' ', '_');
    const std::string path = std::string(argv[1]) + "/" + name + ".bin";
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(packet.bytes.data()),
               static_cast<std::streamsize>(packet.bytes.size()));
    if (!file.flush()) {
      std::fprintf(stderr, "%s: cannot be written\n", path.c_str());
      return 1;
    }
  }
  return 0;
}
