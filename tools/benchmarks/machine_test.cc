// SPDX-License-Identifier: Apache-2.0
#include "tools/benchmarks/machine.h"

#include "gtest/gtest.h"

namespace weir::benchmarks {
namespace {

TEST(ProcessorNameTest, OfX86HasTheIdentityBesideTheName) {
  // A hypervisor gives no more than "AMD EPYC" for each generation.
  EXPECT_EQ(ProcessorName("processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\n"
                          "model\t\t: 17\nmodel name\t: AMD EPYC\nstepping\t: 1\n\n"
                          "processor\t: 1\nvendor_id\t: Other\nmodel name\t: Other\n"),
            "AMD EPYC, AuthenticAMD family 25 model 17 stepping 1");
  EXPECT_EQ(ProcessorName("vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\n"
                          "model name\t: Intel(R) Xeon(R)  Platinum 8481C CPU @ 2.70GHz\n"
                          "stepping\t: 8\n"),
            "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz, GenuineIntel family 6 model 143 "
            "stepping 8");
}

TEST(ProcessorNameTest, OfArmHasNoName) {
  EXPECT_EQ(ProcessorName("processor\t: 0\nBogoMIPS\t: 243.75\nCPU implementer\t: 0x41\n"
                          "CPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\n"
                          "CPU revision\t: 1\n\nprocessor\t: 1\n"),
            "implementer 0x41 part 0xd0c variant 0x3 revision 1");
}

TEST(ProcessorNameTest, OfOtherTextIsUnknown) {
  EXPECT_EQ(ProcessorName(""), "unknown");
  EXPECT_EQ(ProcessorName("\n\n"), "unknown");
  EXPECT_EQ(ProcessorName(":\nmodel name\nmodel name\t:\n"), "unknown");
  EXPECT_EQ(ProcessorName("model name\t: a\x01\x1b[31mb: c"), "a[31mb: c");
}

TEST(MachineTest, IsInTheReports) {
  const Machine here = ThisMachine();
  EXPECT_FALSE(here.kernel.empty());
  EXPECT_GT(here.processors, 0);
  Machine machine;
  machine.kernel = "6.1";
  machine.processor = "a \"b\"";
  machine.processors = 2;
  EXPECT_EQ(TextOf(machine), "Linux 6.1, 2 processors (a \"b\")");
  EXPECT_EQ(JsonMembersOf(machine),
            "\"kernel\": \"6.1\",\n  \"processor\": \"a \\\"b\\\"\",\n  \"processors\": 2,");
}

}  // namespace
}  // namespace weir::benchmarks
