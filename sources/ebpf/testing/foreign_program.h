// SPDX-License-Identifier: Apache-2.0
// Other programs, which share an interface with weir's. For tests only.
#ifndef WEIR_SOURCES_EBPF_TESTING_FOREIGN_PROGRAM_H_
#define WEIR_SOURCES_EBPF_TESTING_FOREIGN_PROGRAM_H_

#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "plugins/sdk/unique_fd.h"

namespace weir::ebpf {

// Verdicts of TCX. A clsact filter uses the same numbers. Only clsact has kPipe.
enum Verdict : int32_t { kNext = -1, kPass = 0, kDrop = 2, kPipe = 3 };

inline uint32_t ProgramId(int fd) {
  bpf_prog_info info;
  std::memset(&info, 0, sizeof(info));
  uint32_t size = sizeof(info);
  EXPECT_EQ(bpf_prog_get_info_by_fd(fd, &info, &size), 0) << std::strerror(errno);
  return info.id;
}

// Counts how often it has run, and decides on packets. For one thread at a time.
class ForeignProgram {
 public:
  // Makes a program that has one verdict for all packets.
  ForeignProgram(const std::string& name, Verdict verdict) {
    Load(name, {Set(BPF_REG_0, verdict)});
  }
  // Makes a program that sends all packets out of another interface.
  ForeignProgram(const std::string& name, uint32_t to_if_index) {
    bpf_insn call{};
    call.code = BPF_JMP | BPF_CALL;
    call.imm = BPF_FUNC_redirect;
    Load(name, {Set(BPF_REG_1, static_cast<int32_t>(to_if_index)), Set(BPF_REG_2, 0), call});
  }

  int fd() const { return program_.get(); }
  uint32_t id() const { return ProgramId(fd()); }
  uint64_t runs() const {
    const uint32_t zero = 0;
    uint64_t runs = 0;
    EXPECT_EQ(bpf_map_lookup_elem(map_.get(), &zero, &runs), 0);
    return runs;
  }

 private:
  static bpf_insn Set(uint8_t to, int32_t value) {
    bpf_insn instruction{};
    instruction.code = BPF_ALU64 | BPF_MOV | BPF_K;
    instruction.dst_reg = to & 0xf;
    instruction.imm = value;
    return instruction;
  }
  // ++*map[0], atomically.
  std::vector<bpf_insn> Count() const {
    bpf_insn address{};
    // Two of these are 0.
    // NOLINTNEXTLINE(misc-redundant-expression)
    address.code = BPF_LD | BPF_DW | BPF_IMM;
    address.dst_reg = BPF_REG_1;
    address.src_reg = BPF_PSEUDO_MAP_VALUE;
    address.imm = map_.get();
    bpf_insn add{};
    add.code = BPF_STX | BPF_ATOMIC | BPF_DW;
    add.dst_reg = BPF_REG_1;
    add.src_reg = BPF_REG_2;
    add.imm = BPF_ADD;
    return {address, bpf_insn{}, Set(BPF_REG_2, 1), add};
  }
  void Load(const std::string& name, const std::vector<bpf_insn>& verdict) {
    map_ = sdk::UniqueFd(
        bpf_map_create(BPF_MAP_TYPE_ARRAY, "runs", sizeof(uint32_t), sizeof(uint64_t), 1, nullptr));
    ASSERT_GE(map_.get(), 0) << std::strerror(errno);
    std::vector<bpf_insn> instructions = Count();
    instructions.insert(instructions.end(), verdict.begin(), verdict.end());
    bpf_insn exit{};
    exit.code = BPF_JMP | BPF_EXIT;
    instructions.push_back(exit);
    program_ = sdk::UniqueFd(bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, name.c_str(), "GPL",
                                           instructions.data(), instructions.size(), nullptr));
    ASSERT_GE(program_.get(), 0) << std::strerror(errno);
  }

  sdk::UniqueFd map_;
  sdk::UniqueFd program_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TESTING_FOREIGN_PROGRAM_H_
