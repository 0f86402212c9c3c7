// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bpf/testing/peer_tables_bpf.skel.h"
#include "plugins/sdk/errno_status.h"
#include "sources/ebpf/kernel/load_error.h"
#include "tools/benchmarks/contender.h"

namespace weir::benchmarks {

namespace {

class PeerProgram : public Contender {
 public:
  PeerProgram(const std::string& name, Peer peer) : Contender(name), peer_(peer) {}

  sdk::Status Load(uint32_t max_flows) {
    skeleton_.reset(peer_tables_bpf__open());
    if (skeleton_ == nullptr) return sdk::ErrnoStatus("open BPF object", errno);
    int error = -bpf_map__set_max_entries(map(), max_flows);
    if (error == 0) error = -bpf_program__set_autoload(OtherProgram(), false);
    if (error == 0) error = -peer_tables_bpf__load(skeleton_.get());
    if (error != 0) return ebpf::KernelRefusal(absl::StrCat("load ", name()), error, true);
    // Of a value per CPU each stands at a multiple of 8 bytes.
    const int cpus = libbpf_num_possible_cpus();
    if (cpus < 0) return sdk::ErrnoStatus("count processors", -cpus);
    const size_t value = bpf_map__value_size(map());
    keys_.resize(kBatch * bpf_map__key_size(map()));
    values_.resize(kBatch * (PerCpu() ? (value + 7) / 8 * 8 * static_cast<size_t>(cpus) : value));
    return OpenPackets();
  }

  int program_fd() const override {
    return bpf_program__fd(PerCpu() ? skeleton_->progs.per_cpu_hash
                                    : skeleton_->progs.spin_lock_hash);
  }

  sdk::Status Empty() override {
    uint32_t position = 0;
    for (bool begun = false;; begun = true) {
      uint32_t count = kBatch;
      uint32_t next = 0;
      const int error =
          -bpf_map_lookup_and_delete_batch(bpf_map__fd(map()), begun ? &position : nullptr, &next,
                                           keys_.data(), values_.data(), &count, nullptr);
      if (error == ENOENT) return sdk::OkStatus();  // that was the last bucket
      if (error != 0) return sdk::ErrnoStatus(absl::StrCat("empty ", name()), error);
      position = next;
    }
  }

 private:
  struct DestroySkeleton {
    void operator()(peer_tables_bpf* skeleton) const { peer_tables_bpf__destroy(skeleton); }
  };
  static constexpr uint32_t kBatch = 4096;  // entries; more than a bucket has

  bool PerCpu() const { return peer_ == Peer::kPerCpuHash; }
  bpf_map* map() const {
    return PerCpu() ? skeleton_->maps.per_cpu_flows : skeleton_->maps.shared_flows;
  }
  bpf_program* OtherProgram() const {
    return PerCpu() ? skeleton_->progs.spin_lock_hash : skeleton_->progs.per_cpu_hash;
  }

  const Peer peer_;
  std::unique_ptr<peer_tables_bpf, DestroySkeleton> skeleton_;
  std::vector<char> keys_;
  std::vector<char> values_;
};

}  // namespace

Loaded LoadPeer(const std::string& name, Peer peer, uint32_t max_flows) {
  auto contender = std::make_unique<PeerProgram>(name, peer);
  const sdk::Status status = contender->Load(max_flows);
  if (!status.ok()) return status;
  return std::unique_ptr<Contender>(std::move(contender));
}

}  // namespace weir::benchmarks
