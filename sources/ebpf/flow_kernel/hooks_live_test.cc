// SPDX-License-Identifier: Apache-2.0
// weir's programs together with other programs, on real interfaces in the test's own network
// namespace.
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <net/if_arp.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bpf/flow.h"
#include "bpf/testing/test_packets.h"
#include "plugins/sdk/testing/fake_host.h"
#include "plugins/sdk/testing/network_namespace.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/attach/clsact_filters.h"
#include "sources/ebpf/flow_kernel/kernel_flows.h"
#include "sources/ebpf/kernel/libbpf_options.h"
#include "sources/ebpf/testing/foreign_program.h"
#include "sources/ebpf/testing/live_network.h"

namespace weir::ebpf {
namespace {

using sdk::testing::FakeHost;
using Place = TcxAnchor::Place;
using Ids = std::vector<uint32_t>;

// Two cables, "left" to "right" and "out" to "in", without other traffic, and one hook that a
// packet sent into "left" passes: where it leaves "left" or enters "right".
class HooksTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!network_.ok()) GTEST_SKIP() << "SKIPPED: " << network_.why_not();
    const std::string error = MakeInterfaces(
        "ip link add left type veth peer name right && ip link add out type veth peer name in && "
        "for end in left right out in; do ip link set $end up || exit 1; done");
    if (!error.empty()) GTEST_SKIP() << "SKIPPED: " << error;
    sdk::Result<std::unique_ptr<KernelFlows>> loaded =
        KernelFlows::Load({/*max_flows=*/1000, 0, 0}, host_.MakeStage());
    if (!loaded.ok()) GTEST_SKIP() << "SKIPPED: " << loaded.status().message();
    kernel_ = *std::move(loaded);
  }

  bool Ingress() const { return direction_ == WEIR_DIRECTION_INGRESS; }
  sdk::Link Hooked() const { return LinkOf(Ingress() ? "right" : "left"); }
  int IfIndex() const { return static_cast<int>(Hooked().if_index); }
  bpf_attach_type TcxHook() const { return Ingress() ? BPF_TCX_INGRESS : BPF_TCX_EGRESS; }
  uint32_t WeirId() const { return ProgramId(kernel_->ProgramFd(ARPHRD_ETHER, direction_)); }

  sdk::Result<std::unique_ptr<Attachment>> TryAttach(const AttachOptions& options) {
    return kernel_->Attach(Hooked(), direction_, options);
  }
  // Attaches weir's program. Returns null and fails the test on an error.
  std::unique_ptr<Attachment> Attach(const AttachOptions& options) {
    sdk::Result<std::unique_ptr<Attachment>> attached = TryAttach(options);
    EXPECT_TRUE(attached.ok()) << attached.status().message();
    return attached.ok() ? *std::move(attached) : nullptr;
  }

  // Attaches after all others; -1 if the kernel cannot.
  sdk::UniqueFd LinkTcx(const ForeignProgram& program) const {
    return sdk::UniqueFd(bpf_link_create(program.fd(), IfIndex(), TcxHook(), nullptr));
  }
  // If false, errno says why.
  bool HasTcx() const {
    const ForeignProgram probe("probe", kNext);
    return LinkTcx(probe).get() >= 0;
  }
  void AddFilter(const ForeignProgram& program, uint32_t priority) const {
    LibbpfOptions<bpf_tc_hook> hook;
    FillHook(hook.get());
    LibbpfOptions<bpf_tc_opts> filter;
    filter->prog_fd = program.fd();
    filter->priority = priority;
    ASSERT_EQ(bpf_tc_attach(hook.get(), filter.get()), 0);
  }
  // Returns the id of the filter's program, or 0 if there is none.
  uint32_t FilterAt(uint32_t priority, uint32_t handle) const {
    LibbpfOptions<bpf_tc_hook> hook;
    FillHook(hook.get());
    LibbpfOptions<bpf_tc_opts> filter;
    filter->priority = priority;
    filter->handle = handle;
    return bpf_tc_query(hook.get(), filter.get()) == 0 ? filter->prog_id : 0;
  }
  // Returns the programs of the TCX hook, in the order in which they run.
  Ids Chain() const {
    Ids ids(64);
    LibbpfOptions<struct bpf_prog_query_opts> query;
    query->prog_ids = ids.data();
    query->prog_cnt = static_cast<uint32_t>(ids.size());
    EXPECT_EQ(bpf_prog_query_opts(IfIndex(), TcxHook(), query.get()), 0);
    ids.resize(query->prog_cnt);
    return ids;
  }

  static void SendPacket() { PacketSocket("left").Offer(AllPackets().front().bytes); }
  // Returns the packets in flows, including flows that were not read yet.
  uint64_t Counted() {
    EXPECT_TRUE(kernel_->Flip().ok());
    EXPECT_TRUE(kernel_->Drain([](const Flow&) {}).ok());
    return kernel_->Counters()->packets();
  }

  void CheckStartAfterKills(AttachMode mode, int kills);

  uint8_t direction_ = WEIR_DIRECTION_INGRESS;
  sdk::testing::ScopedNetworkNamespace network_;
  FakeHost host_;
  std::unique_ptr<KernelFlows> kernel_;

 private:
  void FillHook(bpf_tc_hook* hook) const {
    hook->ifindex = IfIndex();
    hook->attach_point = Ingress() ? BPF_TC_INGRESS : BPF_TC_EGRESS;
  }
};

AttachOptions Anchored(Place place, const std::string& name = "") {
  AttachOptions options = By(AttachMode::kTcx);
  options.tcx_anchor.place = place;
  options.tcx_anchor.program_name = name;
  return options;
}

AttachOptions Anchored(Place place, uint32_t id) {
  AttachOptions options = Anchored(place);
  options.tcx_anchor.program_id = id;
  return options;
}

AttachOptions FilterOptions(uint16_t priority, uint32_t handle = 0) {
  AttachOptions options = By(AttachMode::kClsact);
  options.clsact_priority = priority;
  options.clsact_handle = handle;
  return options;
}

// Other programs before and after weir's, for each kind of attachment and each direction.
class NeighboursTest : public HooksTest,
                       public ::testing::WithParamInterface<std::tuple<AttachMode, uint8_t>> {
 protected:
  void SetUp() override {
    direction_ = std::get<1>(GetParam());
    HooksTest::SetUp();
    if (IsSkipped() || !Tcx()) return;
    if (!HasTcx()) GTEST_SKIP() << "SKIPPED: no TCX: " << std::strerror(errno);
  }
  bool Tcx() const { return std::get<0>(GetParam()) == AttachMode::kTcx; }

  // Attaches `programs` in the order of the chain. Null stands for weir's program.
  void AttachChain(const std::vector<const ForeignProgram*>& programs) {
    if (!Tcx()) {
      ASSERT_EQ(Shell("tc qdisc add dev " + Hooked().name + " clsact"), "");
    }
    uint16_t priority = 0;
    const ForeignProgram* before = nullptr;
    for (const ForeignProgram* program : programs) {
      ++priority;
      if (program == nullptr && Tcx()) {
        weir_ = Attach(before == nullptr ? Anchored(Place::kHead)
                                         : Anchored(Place::kAfter, before->id()));
      } else if (program == nullptr) {
        weir_ = Attach(FilterOptions(priority));
      } else if (Tcx()) {
        links_.push_back(LinkTcx(*program));
        ASSERT_GE(links_.back().get(), 0) << std::strerror(errno);
      } else {
        AddFilter(*program, priority);
      }
      before = program;
    }
    ExpectOrder(programs);
  }
  void DetachAll() {
    weir_.reset();
    links_.clear();
    if (!Tcx()) {
      ASSERT_EQ(Shell("tc qdisc del dev " + Hooked().name + " clsact"), "");
    }
  }
  // Sends a packet into a chain of a program with the verdict `first`, weir's, and one with the
  // verdict `last`: the first runs once, the other two `rest` times.
  void ExpectRuns(Verdict first, Verdict last, uint64_t rest) {
    const ForeignProgram before("before", first);
    const ForeignProgram after("after", last);
    AttachChain({&before, nullptr, &after});
    SendPacket();
    EXPECT_EQ(before.runs(), 1u);
    EXPECT_EQ(Counted(), rest);
    EXPECT_EQ(after.runs(), rest);
    DetachAll();
  }
  void ExpectOrder(const std::vector<const ForeignProgram*>& programs) {
    Ids expected;
    for (const ForeignProgram* program : programs) {
      expected.push_back(program == nullptr ? WeirId() : program->id());
    }
    if (Tcx()) {
      EXPECT_EQ(Chain(), expected);
      return;
    }
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(FilterAt(static_cast<uint32_t>(i + 1), 1), expected[i]);
    }
  }

 private:
  std::vector<sdk::UniqueFd> links_;
  std::unique_ptr<Attachment> weir_;
};

TEST_P(NeighboursTest, LetsPacketsThroughFromOneToTheOther) { ExpectRuns(kNext, kDrop, 1); }

// TCX has no "pipe".
TEST_P(NeighboursTest, CountsBehindAFilterThatPipes) {
  if (!Tcx()) ExpectRuns(kPipe, kPass, 1);
}

// The reason why weir's program comes first by default.
TEST_P(NeighboursTest, SeesNothingBehindAProgramThatDropsOrPasses) {
  for (const Verdict verdict : {kDrop, kPass}) ExpectRuns(verdict, kNext, 0);
}

TEST_P(NeighboursTest, CountsWhatTheNextProgramRedirects) {
  const ForeignProgram redirect("redirect", LinkOf("out").if_index);
  AttachChain({nullptr, &redirect});
  PacketSocket in("in", htons(ETH_P_ALL));
  SendPacket();
  EXPECT_EQ(in.Receive(), AllPackets().front().bytes);
  EXPECT_EQ(Counted(), 1u);
  EXPECT_EQ(redirect.runs(), 1u);
}

std::string NeighboursName(const ::testing::TestParamInfo<NeighboursTest::ParamType>& info) {
  return std::string(std::get<0>(info.param) == AttachMode::kTcx ? "Tcx" : "Clsact") +
         (std::get<1>(info.param) == WEIR_DIRECTION_INGRESS ? "Ingress" : "Egress");
}

INSTANTIATE_TEST_SUITE_P(
    Hooks, NeighboursTest,
    ::testing::Combine(::testing::Values(AttachMode::kTcx, AttachMode::kClsact),
                       ::testing::Values(WEIR_DIRECTION_INGRESS, WEIR_DIRECTION_EGRESS)),
    NeighboursName);

// Three other programs on a TCX hook: the first and the last by a link, the middle one,
// "middle_of_the_c", without.
class TcxAnchorTest : public HooksTest {
 protected:
  void SetUp() override {
    HooksTest::SetUp();
    if (IsSkipped()) return;
    first_link_ = LinkTcx(first_);
    if (first_link_.get() < 0) GTEST_SKIP() << "SKIPPED: no TCX: " << std::strerror(errno);
    LibbpfOptions<struct bpf_prog_attach_opts> last;
    last->flags = BPF_F_AFTER;
    ASSERT_EQ(bpf_prog_attach_opts(middle_.fd(), IfIndex(), TcxHook(), last.get()), 0);
    last_link_ = LinkTcx(last_);
    ASSERT_GE(last_link_.get(), 0) << std::strerror(errno);
  }

  // Checks weir's position in the chain with these options: 0 is before the first.
  void ExpectAt(size_t position, const AttachOptions& options, const std::string& warning = "") {
    Ids expected = {first_.id(), middle_.id(), last_.id()};
    expected.insert(expected.begin() + static_cast<long>(position), WeirId());
    const std::unique_ptr<Attachment> weir = Attach(options);
    ASSERT_NE(weir, nullptr);
    EXPECT_EQ(Chain(), expected);
    EXPECT_EQ(weir->warning(), warning);
    EXPECT_TRUE(weir->Detach().ok());
    EXPECT_EQ(Chain().size(), 3u);
  }

  const ForeignProgram first_{"twin", kNext};
  const ForeignProgram middle_{"middle_of_the_c", kNext};
  const ForeignProgram last_{"twin", kNext};
  sdk::UniqueFd first_link_;
  sdk::UniqueFd last_link_;
};

TEST_F(TcxAnchorTest, IsBeforeOrAfterAllOthers) {
  ExpectAt(0, AttachOptions{});
  ExpectAt(0, Anchored(Place::kHead));
  ExpectAt(3, Anchored(Place::kTail));
}

TEST_F(TcxAnchorTest, IsBeforeOrAfterAProgramOfThatId) {
  ExpectAt(0, Anchored(Place::kBefore, first_.id()));
  ExpectAt(1, Anchored(Place::kAfter, first_.id()));
  ExpectAt(1, Anchored(Place::kBefore, middle_.id()));
  ExpectAt(2, Anchored(Place::kAfter, middle_.id()));
  ExpectAt(2, Anchored(Place::kBefore, last_.id()));
  ExpectAt(3, Anchored(Place::kAfter, last_.id()));
}

TEST_F(TcxAnchorTest, IsBeforeOrAfterAllProgramsOfThatName) {
  ExpectAt(0, Anchored(Place::kBefore, "twin"));
  ExpectAt(3, Anchored(Place::kAfter, "twin"));
  // The kernel keeps 15 characters of a name.
  ExpectAt(1, Anchored(Place::kBefore, "middle_of_the_chain"));
  ExpectAt(2, Anchored(Place::kAfter, "middle_of_the_c"));
}

TEST_F(TcxAnchorTest, WarnsWhereTheProgramIsNotAttached) {
  ExpectAt(0, Anchored(Place::kBefore, "nobody"),
           "interface 'right': attach tcx/ingress: program 'nobody' (tcx_anchor_program) is not "
           "attached: weir's is before all others");
  ExpectAt(3, Anchored(Place::kAfter, "nobody"),
           "interface 'right': attach tcx/ingress: program 'nobody' (tcx_anchor_program) is not "
           "attached: weir's is after all others");
  // A program that is loaded, but attached to nothing.
  const ForeignProgram loaded("loaded", kNext);
  const std::string id = std::to_string(loaded.id());
  ExpectAt(3, Anchored(Place::kAfter, loaded.id()),
           "interface 'right': attach tcx/ingress: program " + id +
               " (tcx_anchor_program) is not attached: weir's is after all others");
}

// Takes a capability from this thread until its end.
class WithoutCapability {
 public:
  explicit WithoutCapability(int capability) {
    EXPECT_EQ(syscall(SYS_capget, &header_, before_), 0);
    __user_cap_data_struct without[_LINUX_CAPABILITY_U32S_3];
    std::memcpy(without, before_, sizeof(without));
    without[capability / 32].effective &= ~(uint32_t{1} << capability % 32);
    EXPECT_EQ(syscall(SYS_capset, &header_, without), 0) << std::strerror(errno);
  }
  ~WithoutCapability() { EXPECT_EQ(syscall(SYS_capset, &header_, before_), 0); }

 private:
  __user_cap_header_struct header_ = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct before_[_LINUX_CAPABILITY_U32S_3] = {};
};

// The service runs with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON only.
TEST_F(TcxAnchorTest, NeedsMorePrivilegeForANameThanForAnId) {
  const uint32_t id = middle_.id();
  const uint32_t weir = WeirId();
  const WithoutCapability dropped(CAP_SYS_ADMIN);
  const sdk::Status by_name = TryAttach(Anchored(Place::kBefore, "middle_of_the_c")).status();
  EXPECT_EQ(by_name.code(), WEIR_PERMISSION_DENIED);
  EXPECT_EQ(by_name.message(),
            "interface 'right': attach tcx/ingress: not permitted: finding a program by its name "
            "needs CAP_SYS_ADMIN: give its id instead");
  const std::unique_ptr<Attachment> by_id = Attach(Anchored(Place::kBefore, id));
  ASSERT_NE(by_id, nullptr);
  EXPECT_EQ(Chain().at(1), weir);
}

using ClsactTest = HooksTest;

TEST_F(ClsactTest, HasTheConfiguredPriorityAndHandle) {
  const auto attached = Attach(FilterOptions(7, 0x2a));
  ASSERT_NE(attached, nullptr);
  EXPECT_EQ(FilterAt(7, 0x2a), WeirId());
  EXPECT_TRUE(attached->Detach().ok());
  EXPECT_EQ(FilterAt(7, 0x2a), 0u);
}

TEST_F(ClsactTest, IsTheFirstOfAllByDefault) {
  const auto attached = Attach(By(AttachMode::kClsact));
  EXPECT_EQ(FilterAt(1, 1), WeirId());
  const auto with_handle = Attach(FilterOptions(0, 9));
  EXPECT_EQ(FilterAt(1, 9), WeirId());
}

TEST_F(ClsactTest, SaysWhatIsTaken) {
  ASSERT_EQ(Shell("tc qdisc add dev right clsact"), "");
  AddFilter(ForeignProgram("taken", kNext), 7);
  const sdk::Status status = TryAttach(FilterOptions(7, 1)).status();
  EXPECT_EQ(status.code(), WEIR_ALREADY_EXISTS);
  EXPECT_EQ(status.message(),
            "interface 'right': attach clsact/ingress at priority 7 with handle 1: File exists");
}

// Returns the number of BPF filters at the hook.
size_t FiltersAt(const sdk::Link& link, uint8_t direction) {
  sdk::Result<std::vector<ClsactFilter>> filters = ListClsactFilters(link.if_index, direction);
  EXPECT_TRUE(filters.ok()) << filters.status().message();
  if (!filters.ok()) return 0;
  size_t programs = 0;
  for (const ClsactFilter& filter : *filters) programs += filter.program_id != 0 ? 1 : 0;
  return programs;
}

// Attaches by clsact in a process that is then killed, `kills` times, next to a foreign filter.
// Then attaches by `mode` in this process.
void HooksTest::CheckStartAfterKills(AttachMode mode, int kills) {
  // With the name of one of weir's programs.
  const ForeignProgram foreign("ingress_etherne", Verdict::kPipe);
  ASSERT_EQ(Shell("tc qdisc add dev right clsact"), "");
  AddFilter(foreign, 7);
  for (int i = 0; i < kills; ++i) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      FakeHost host;
      auto loaded = KernelFlows::Load({/*max_flows=*/1000, 0, 0}, host.MakeStage());
      if (!loaded.ok()) _exit(1);
      auto attached = (*loaded)->Attach(Hooked(), direction_, By(AttachMode::kClsact));
      if (!attached.ok() || ((*attached)->warning().empty() != (i == 0))) _exit(2);
      (void)kill(getpid(), SIGKILL);
      _exit(3);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
    EXPECT_EQ(FiltersAt(Hooked(), direction_), 2u)
        << "one of the killed process and the foreign one";
  }
  const std::unique_ptr<Attachment> attached = Attach(By(mode));
  ASSERT_NE(attached, nullptr);
  EXPECT_EQ(attached->warning(),
            "interface 'right': removed 1 clsact filters of an earlier weir that was killed");
  EXPECT_EQ(FiltersAt(Hooked(), direction_), mode == AttachMode::kClsact ? 2u : 1u);
  EXPECT_EQ(FilterAt(7, 1), ProgramId(foreign.fd()));
  EXPECT_TRUE(attached->Detach().ok());
  EXPECT_EQ(FiltersAt(Hooked(), direction_), 1u);
}

TEST_F(HooksTest, FiltersOfAKilledWeirAreRemovedAndNoOthers) {
  CheckStartAfterKills(AttachMode::kClsact, 3);
}

TEST_F(HooksTest, FiltersOfAKilledWeirAreRemovedByOneThatAttachesByTcx) {
  if (!HasTcx()) GTEST_SKIP() << "SKIPPED: no TCX: " << std::strerror(errno);
  CheckStartAfterKills(AttachMode::kTcx, 1);
}

TEST_F(HooksTest, FiltersOfALivingWeirStay) {
  const std::unique_ptr<Attachment> first = Attach(By(AttachMode::kClsact));
  ASSERT_NE(first, nullptr);
  int ready[2];
  int go[2];
  ASSERT_EQ(pipe2(ready, O_CLOEXEC), 0);
  ASSERT_EQ(pipe2(go, O_CLOEXEC), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    FakeHost host;
    auto loaded = KernelFlows::Load({/*max_flows=*/1000, 0, 0}, host.MakeStage());
    if (!loaded.ok()) _exit(1);
    AttachOptions options = By(AttachMode::kClsact);
    auto attached = (*loaded)->Attach(Hooked(), direction_, options);
    const char answer = attached.ok() && (*attached)->warning().empty() ? 'y' : 'n';
    (void)!write(ready[1], &answer, 1);
    char ignored = 0;
    (void)!read(go[0], &ignored, 1);
    if (attached.ok()) (void)(*attached)->Detach();
    _exit(0);
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_EQ(FiltersAt(Hooked(), direction_), 2u);
  EXPECT_TRUE(first->IsInPlace());
  ASSERT_EQ(write(go[1], "x", 1), 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(FiltersAt(Hooked(), direction_), 1u);
  EXPECT_TRUE(first->Detach().ok());
  for (const int fd : {ready[0], ready[1], go[0], go[1]}) EXPECT_EQ(close(fd), 0);
}

}  // namespace
}  // namespace weir::ebpf
