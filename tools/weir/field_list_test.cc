// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/field_list.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "core/record/fields/record_fields.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> NamesOf(const std::vector<ListedField>& fields) {
  std::vector<std::string> names;
  for (const ListedField& field : fields) names.emplace_back(field.field->name);
  return names;
}

TEST(FieldListTest, HasALineForEachField) {
  const std::string table = FieldTable(AllFields());
  const auto lines = std::count(table.begin(), table.end(), '\n');
  const auto fields =
      std::size(kRecordFields) + std::size(kComputedFields) + std::size(kListFields);
  EXPECT_EQ(lines, static_cast<std::ptrdiff_t>(fields) + 3);  // a header, a gap, a sentence
  EXPECT_THAT(table, HasSubstr("\nsrc_mac            mac              "));
  EXPECT_THAT(table, HasSubstr(" SrcMac            5.1       56        Source MAC address.\n"));
  EXPECT_THAT(table, HasSubstr("In a filter, mac is src_mac or dst_mac, addr is src_addr or "));
}

TEST(FieldListTest, FindsFieldsByNameKeyAndPair) {
  EXPECT_THAT(NamesOf(FieldsNamed("Vlan_Id")), ElementsAre("vlan_id"));
  EXPECT_THAT(NamesOf(FieldsNamed("vlanid")), ElementsAre("vlan_id"));
  EXPECT_THAT(NamesOf(FieldsNamed("port")), ElementsAre("src_port", "dst_port"));
  EXPECT_THAT(NamesOf(FieldsNamed("duration")), ElementsAre("duration"));
  EXPECT_THAT(NamesOf(FieldsNamed("IfDirections")), ElementsAre("if_directions"));
  EXPECT_THAT(FieldsNamed(""), IsEmpty());
  EXPECT_THAT(FieldsNamed("vlan"), IsEmpty());
  for (const std::string& name : FieldNames()) EXPECT_FALSE(FieldsNamed(name).empty()) << name;
}

TEST(FieldListTest, TellsAllOfAField) {
  EXPECT_EQ(FieldDetails(FieldsNamed("flow_end_reason")[0]),
            "flow_end_reason: Why the record ended.\n"
            "  type      uint8, shown as names\n"
            "  present   if it was measured\n"
            "  JSON      FlowEndReason\n"
            "  CSV       FlowEndReason\n"
            "  IPFIX     136\n"
            "  merged    the value of the last record\n"
            "  values    idle_timeout 1, active_timeout 2, end_of_flow 3, forced_end 4, "
            "lack_of_resources 5\n");
  EXPECT_EQ(FieldDetails(FieldsNamed("duration")[0]),
            "duration: Time from the first packet to the last.\n"
            "  type      duration\n"
            "  unit      ns\n"
            "  present   only in filters, which compute it\n");
}

TEST(FieldListTest, WritesJson) {
  EXPECT_EQ(FieldsJson(FieldsNamed("direction")),
            "{\"record_version\": 2, \"fields\": [\n"
            "  {\"name\": \"direction\", \"type\": \"uint8\", \"display\": \"names\", \"max\": 1, "
            "\"meaning\": \"Direction of the packets at the interface: 0 in, 1 out.\", "
            "\"when\": \"in every record\", \"json\": \"FlowDirection\", "
            "\"csv\": \"FlowDirection\", \"protobuf\": \"2\", \"ipfix\": [61], "
            "\"merge\": \"key\", \"values\": {\"ingress\": 0, \"egress\": 1}}\n]}\n");
}

}  // namespace
}  // namespace weir
