// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/kernel/kernel_features.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <limits>
#include <thread>

#include "absl/cleanup/cleanup.h"
#include "plugins/sdk/diagnosis.h"
#include "plugins/sdk/thread.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/kernel/libbpf_options.h"

namespace weir::ebpf {

namespace {

// Interprets the kernel's answer: a descriptor, zero, or -errno.
Support SupportOf(int result) {
  if (result >= 0) return Support::kYes;
  const bool not_told = result == -EPERM || result == -EACCES || result == -ENOMEM;
  return not_told ? Support::kUnknown : Support::kNo;
}

bpf_insn Move(uint8_t target, int32_t value) {
  bpf_insn instruction{};
  instruction.code = BPF_ALU64 | BPF_MOV | BPF_K;
  instruction.dst_reg = target;
  instruction.imm = value;
  return instruction;
}

bpf_insn Exit() {
  bpf_insn instruction{};
  instruction.code = BPF_JMP | BPF_EXIT;
  return instruction;
}

// A 64-bit store to the top of the stack. `code` and `operation` select the kind.
bpf_insn ToStack(uint8_t code, int32_t operation, uint8_t source) {
  bpf_insn instruction{};
  instruction.code = code;
  instruction.dst_reg = BPF_REG_10;
  instruction.src_reg = source;
  instruction.off = -8;
  instruction.imm = operation;
  return instruction;
}

template <size_t kCount>
sdk::UniqueFd LoadProgram(const bpf_insn (&instructions)[kCount], int* result) {
  *result =
      bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "weir_probe", "GPL", instructions, kCount, nullptr);
  return sdk::UniqueFd(*result < 0 ? -1 : *result);
}

sdk::UniqueFd LoadEmptyProgram(int* result) {
  // TCX_NEXT and TC_ACT_UNSPEC.
  const bpf_insn instructions[] = {Move(BPF_REG_0, -1), Exit()};
  return LoadProgram(instructions, result);
}

Support ProbeJit(int program) {
  bpf_prog_info info;
  std::memset(&info, 0, sizeof(info));
  uint32_t size = sizeof(info);
  if (bpf_prog_get_info_by_fd(program, &info, &size) != 0) return Support::kUnknown;
  return info.jited_prog_len > 0 ? Support::kYes : Support::kNo;
}

// Asks for a link to an interface that does not exist: only a kernel with TCX looks for it.
Support ProbeTcx(int program) {
  constexpr int kNoInterface = std::numeric_limits<int>::max();
  const int result = bpf_link_create(program, kNoInterface, BPF_TCX_INGRESS, nullptr);
  if (result >= 0) {
    (void)close(result);
    return Support::kYes;
  }
  return result == -ENODEV ? Support::kYes : SupportOf(result);
}

// Uses the lo of a new network namespace, which ends with the thread that is in it.
Support ProbeClsactHere(int program) {
  if (unshare(CLONE_NEWNET) != 0) return Support::kUnknown;
  constexpr int kLoopback = 1;
  LibbpfOptions<bpf_tc_hook> hook;
  hook->ifindex = kLoopback;
  hook->attach_point = BPF_TC_INGRESS;
  const int created = bpf_tc_hook_create(hook.get());
  if (created != 0) return SupportOf(created);
  LibbpfOptions<bpf_tc_opts> filter;
  filter->prog_fd = program;
  return SupportOf(bpf_tc_attach(hook.get(), filter.get()));
}

Support ProbeClsact(int program) {
  Support support = Support::kUnknown;
  std::thread thread;
  const sdk::Status started =
      sdk::StartThread(&thread, "", [&support, program] { support = ProbeClsactHere(program); });
  if (started.ok()) thread.join();
  return support;
}

Support ProbeMap(bpf_map_type type, uint32_t key_bytes, uint32_t value_bytes, uint32_t entries,
                 const bpf_map_create_opts* options = nullptr) {
  const int result = bpf_map_create(type, "weir_probe", key_bytes, value_bytes, entries, options);
  const sdk::UniqueFd close_it(result < 0 ? -1 : result);
  return SupportOf(result);
}

Support ProbeMmapableArray() {
  LibbpfOptions<bpf_map_create_opts> options;
  options->map_flags = BPF_F_MMAPABLE;
  return ProbeMap(BPF_MAP_TYPE_ARRAY, 4, 8, 1, options.get());
}

Support ProbeArrayOfMaps(int inner) {
  LibbpfOptions<bpf_map_create_opts> options;
  options->inner_map_fd = static_cast<uint32_t>(inner);
  return ProbeMap(BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 1, options.get());
}

// Uses the call that empties a table.
Support ProbeBatch(int hash) {
  uint32_t position = 0;
  uint32_t key = 0;
  uint64_t value = 0;
  uint32_t count = 1;
  const int result =
      bpf_map_lookup_and_delete_batch(hash, nullptr, &position, &key, &value, &count, nullptr);
  return result == -ENOENT ? Support::kYes : SupportOf(result);  // ENOENT: the map is empty
}

void ProbeMaps(KernelFeatures* features) {
  const int hash = bpf_map_create(BPF_MAP_TYPE_HASH, "weir_probe", 4, 8, 1, nullptr);
  const sdk::UniqueFd close_it(hash < 0 ? -1 : hash);
  features->hash = SupportOf(hash);
  if (hash >= 0) {
    features->batch_operations = ProbeBatch(hash);
    features->array_of_maps = ProbeArrayOfMaps(hash);
  }
  features->per_cpu_array = ProbeMap(BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 1);
  features->ring_buffer =
      ProbeMap(BPF_MAP_TYPE_RINGBUF, 0, 0, static_cast<uint32_t>(sysconf(_SC_PAGESIZE)));
  features->mmapable_array = ProbeMmapableArray();
}

uint64_t EffectiveCapabilities() {
  __user_cap_header_struct header{};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, data) != 0) return 0;
  return data[0].effective | uint64_t{data[1].effective} << 32;
}

}  // namespace

Support ProbeCompareAndSwap() {
  constexpr int32_t kCompareAndSwap = 0xf1;  // BPF_CMPXCHG, for headers before 5.12
  const bpf_insn instructions[] = {Move(BPF_REG_0, 0),
                                   Move(BPF_REG_1, 0),
                                   ToStack(BPF_STX | BPF_MEM | BPF_DW, 0, BPF_REG_1),
                                   ToStack(BPF_STX | 0xc0 | BPF_DW, kCompareAndSwap, BPF_REG_1),
                                   Move(BPF_REG_0, -1),
                                   Exit()};
  int result = 0;
  (void)LoadProgram(instructions, &result);
  return SupportOf(result);
}

KernelFeatures ProbeKernel() {
  // A failed probe is not an error: keep libbpf from reporting it.
  const libbpf_print_fn_t print = libbpf_set_print(nullptr);
  const absl::Cleanup restore = [print] { libbpf_set_print(print); };
  KernelFeatures features;
  utsname name{};
  if (uname(&name) == 0) features.release = name.release;
  features.capabilities = EffectiveCapabilities();
  features.available_memory_bytes = sdk::AvailableMemoryBytes();
  features.btf = access("/sys/kernel/btf/vmlinux", F_OK) == 0 ? Support::kYes : Support::kNo;

  int result = 0;
  const sdk::UniqueFd program = LoadEmptyProgram(&result);
  features.bpf = result == -ENOSYS ? Support::kNo : Support::kYes;
  features.programs = SupportOf(result);
  if (features.programs != Support::kYes) return features;
  features.jit = ProbeJit(program.get());
  features.tcx = ProbeTcx(program.get());
  features.clsact = ProbeClsact(program.get());
  features.compare_and_swap = ProbeCompareAndSwap();
  ProbeMaps(&features);
  return features;
}

}  // namespace weir::ebpf
