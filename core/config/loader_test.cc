// SPDX-License-Identifier: Apache-2.0
#include "core/config/loader.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/config/config_test.pb.h"
#include "core/config/test_schemas.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace weir::config {
namespace {

std::optional<std::string> TestVariable(std::string_view name) {
  static const auto* const variables = new std::map<std::string, std::string, std::less<>>{
      {"LINES_", "12"},          {"EMPTY", ""},
      {"PATH_", "a \"b\"\n\\c"}, {"LONG", "0123456789012345678901234567890"},
      {"DIGITS", "23"},          {"BAD_UTF8", "\xff"}};
  const auto found = variables->find(name);
  if (found == variables->end()) return std::nullopt;
  return found->second;
}

absl::StatusOr<PipelineConfig> Load(const std::string& text) {
  return LoadText(text, "f", TestSchemas(), TestVariable);
}

// The same in the short form.
std::string WithShortWriter(const std::string& config) {
  return absl::StrCat(
      "source { name: 'in' type: 'generator' }\n"
      "sink { name: 'out' type: 'writer' input: 'in' config {\n",
      config, "\n} }\n");
}

// The configuration of the sink of WithWriter.
test::Writer LoadWriter(const std::string& config) {
  test::Writer writer;
  const absl::StatusOr<PipelineConfig> pipeline = Load(WithWriter(config));
  EXPECT_TRUE(pipeline.ok()) << pipeline.status();
  if (pipeline.ok()) {
    EXPECT_TRUE(writer.ParseFromString(pipeline->stages.at(1).config));
  }
  return writer;
}

struct Case {
  const char* text;
  const char* errors;  // all lines
};

void ExpectErrors(const std::string& text, const std::string& errors) {
  const absl::StatusOr<PipelineConfig> pipeline = Load(text);
  ASSERT_FALSE(pipeline.ok()) << text;
  EXPECT_EQ(pipeline.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(pipeline.status().message(), errors) << text;
}

// The same mistakes in both forms have the same sentences at the same positions. Errors about
// the message as a whole point at `[weir/MESSAGE]` or at `config`.
void ExpectErrorsInBothForms(const std::string& config, const std::string& errors) {
  ExpectErrors(WithWriter(config), errors);
  ExpectErrors(WithShortWriter(config), absl::StrReplaceAll(errors, {{"f:2:56:", "f:2:47:"}}));
}

TEST(LoaderTest, SaysWhyATypeCannotBeUsedWhereItIsUsed) {
  ConfigSchemas schemas;
  ASSERT_TRUE(schemas.Add(TestSpec(StageKind::kSource, "generator", "")).ok());
  ASSERT_TRUE(schemas.Add(TestSpec(StageKind::kSink, "broken", "weir.test.Broken")).ok());
  ASSERT_TRUE(schemas.Add(TestSpec(StageKind::kSink, "null", "")).ok());
  const std::string text = R"(source { name: "in" type: "generator" }
sink { name: "out"
       type: "%s" input: "in" })";
  EXPECT_TRUE(
      LoadText(absl::StrReplaceAll(text, {{"%s", "null"}}), "f", schemas, TestVariable).ok());
  EXPECT_EQ(
      LoadText(absl::StrReplaceAll(text, {{"%s", "broken"}}), "f", schemas, TestVariable).status(),
      absl::InvalidArgumentError(
          "f:3:8: sink 'out': plugin 'test.so': sink type 'broken': the rules of "
          "weir.test.Broken.count: pattern is for strings"));
}

TEST(LoaderTest, SaysWhyAValueCannotBeCheckedWhereItStands) {
  ConfigSchemas schemas;
  ASSERT_TRUE(schemas.Add(TestSpec(StageKind::kSource, "generator", "")).ok());
  ASSERT_TRUE(schemas.Add(TestSpec(StageKind::kSink, "broken", "weir.test.BrokenPattern")).ok());
  const std::string text = R"(source { name: "in" type: "generator" }
sink { name: "out" type: "broken" input: "in"
       config { [weir/weir.test.BrokenPattern] { %s } } })";
  EXPECT_TRUE(LoadText(absl::StrReplaceAll(text, {{"%s", ""}}), "f", schemas, TestVariable).ok());
  EXPECT_EQ(
      LoadText(absl::StrReplaceAll(text, {{"%s", "name: 'x'"}}), "f", schemas, TestVariable)
          .status(),
      absl::InvalidArgumentError("f:3:50: sink 'out': name cannot be checked: the pattern '(x' is "
                                 "not valid: a '(' without ')'"));
}

TEST(LoaderTest, OrdersStagesByTheirInputs) {
  const absl::StatusOr<PipelineConfig> pipeline = Load(R"(
sink { name: "out" type: "null" input: ["second", "first"] queue { batches: 7 } }
transform { name: "second" type: "pass" input: "first" }
transform < name: "first", type: "pass"; input: "in" >
  source { name: "in" type: "generator" }
)");
  ASSERT_TRUE(pipeline.ok()) << pipeline.status();
  const std::vector<StageConfig>& stages = pipeline->stages;
  ASSERT_EQ(stages.size(), 4u);
  EXPECT_EQ(stages[0].name, "in");
  EXPECT_EQ(stages[0].kind, StageKind::kSource);
  EXPECT_EQ(stages[0].type, "generator");
  EXPECT_EQ(stages[0].location.line, 5);
  EXPECT_EQ(stages[0].location.column, 3);
  EXPECT_EQ(stages[0].config, "");
  EXPECT_EQ(stages[1].name, "first");
  EXPECT_EQ(stages[1].inputs, std::vector<size_t>({0}));
  EXPECT_EQ(stages[1].queue_batches, kDefaultQueueBatches);
  EXPECT_EQ(stages[2].name, "second");
  EXPECT_EQ(stages[3].name, "out");
  EXPECT_EQ(stages[3].inputs, std::vector<size_t>({2, 1}));
  EXPECT_EQ(stages[3].queue_batches, 7u);
}

TEST(LoaderTest, HandsOverTheTypedConfiguration) {
  const test::Writer writer = LoadWriter(R"(
path: "a"
'b' format: CSV lines: 0x10 offset: -5 ratio: .5 append: true magic: "\001\xff"
interval: "1h" since: "2022-08-23T16:33:22.5+02:00" interfaces: ["/e.*/", "lo"] ports: 1 ports: 2
names { key: 3 value: "uplink" } names { key: 1 value: "x" } tls { ca_file: "ca" version: 3 })");
  EXPECT_EQ(writer.path(), "ab");
  EXPECT_EQ(writer.format(), test::CSV);
  EXPECT_EQ(writer.lines(), 16u);
  EXPECT_EQ(writer.offset(), -5);
  EXPECT_EQ(writer.magic(), "\001\xff");
  EXPECT_EQ(writer.interfaces(1), "lo");
  EXPECT_EQ(writer.ports_size(), 2);
  EXPECT_EQ(writer.names().at(3), "uplink");
  EXPECT_EQ(writer.tls(0).version(), 3u);
}

TEST(LoaderTest, ReadsValuesAsProtobufDoes) {
  for (const char* fields : {
           "lines: 7 offset: -0x1F ratio: 1e-2 append: t",
           "lines: 017 offset: - 5 ratio: .5f append: True,",
           "offset: -9223372036854775808; ratio: 1 append: 0 format: 2",
           "offset: 9223372036854775807 append: False format: TABLE",
           R"(magic: "\a\b\f\n\r\t\v\\\?\'\"\0\17\377\xA\xfg" 'x' "\u00e4\U0001F600")",
           "ports: 1, ports: [2, 3]; ports: [] interfaces: [] interfaces: ['lo']",
           "names { key: 1 value: 'a' }",
           "names: [{ key: 3 value: 'c' }]",
           "tls: < ca_file: 'x' version: 2 fallback < ca_file: 'y' > > tls { ca_file: 'z' }",
           "extra { [type.googleapis.com/weir.test.Writer.Tls] { ca_file: 'x' } } host: 'h'",
       }) {
    const std::string text = absl::StrCat("path: 'p' ", fields);
    test::Writer expected;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &expected)) << text;
    EXPECT_EQ(LoadWriter(text).SerializeAsString(), expected.SerializeAsString()) << text;
  }
}

TEST(LoaderTest, TakesValuesFromTheEnvironment) {
  EXPECT_EQ(LoadWriter("path: '${PATH_}' lines: ${LINES_}").path(), "a \"b\"\n\\c");
  EXPECT_EQ(LoadWriter("path: '${PATH_}' lines: ${LINES_}").lines(), 12u);
  EXPECT_EQ(LoadWriter("path: \"x${NONE:-d\\n}y\"").path(), "xd\ny");
  EXPECT_EQ(LoadWriter("path: 'x${EMPTY}${EMPTY:-d}'").path(), "xd");
  EXPECT_EQ(LoadWriter("path: 'x' lines: ${NONE:-5} # ${NONE} '\n").lines(), 5u);
  EXPECT_EQ(LoadWriter("path: '$${NONE} $$ $ \\x24X'").path(), "${NONE} $$ $ $X");
  // The value is not taken for the rest of the escape before it.
  EXPECT_EQ(LoadWriter("path: '\\1${DIGITS}'").path(), "\00123");
}

TEST(LoaderTest, ReportsWhatIsWrongWithVariables) {
  const Case cases[] = {
      {"path: 'a'\n\tlines: ${NONE}",
       "f:4:9: sink 'out': the environment variable NONE is not set; set it, or give a default: "
       "${NONE:-default}"},
      {"path: ${PATH_}",
       "f:3:7: sink 'out': the value of ${PATH_} is 'a \\\"b\\\"\\n\\\\c', which is not one bare "
       "word or number; for a text, write \"${PATH_}\" in quotes"},
      {"lines: ${NONE:-a b}",
       "f:3:8: sink 'out': the default of ${NONE} is 'a b', which is not one bare word or number; "
       "for a text, write \"${NONE}\" in quotes"},
      {"lines: ${EMPTY}",
       "f:3:8: sink 'out': the value of ${EMPTY} is '', which is not one bare word or number; for "
       "a text, write \"${EMPTY}\" in quotes"},
      {"path: '${A B}'",
       "f:3:8: sink 'out': '${A B}' is neither ${NAME} nor ${NAME:-default}; a literal '${' is "
       "written '$${'"},
      {"path: '${A'\n}",
       "f:3:8: sink 'out': this '${' has no '}' in its line; a literal '${' is written '$${'"},
      {"path: '${A:-'}'",
       "f:3:8: sink 'out': the default of ${A} contains ', the quote of the text around it"},
      // Places behind a variable are those of the file.
      {"path: '${LONG:-x}' lines: 0",
       "f:3:1: sink 'out': path is 31 bytes long; it may have 20\n"
       "f:3:20: sink 'out': lines 0 is not allowed; it must be from 1 to 1000"},
      {"path: '${EMPTY:-x}' lines: ${LINES_} lines: 2",
       "f:3:38: sink 'out': 'lines' is given a second time; it takes one value"},
      {"path: '${BAD_UTF8}'", "f:3:1: sink 'out': path is not valid UTF-8"},
  };
  for (const Case& test : cases) ExpectErrorsInBothForms(test.text, test.errors);
}

TEST(LoaderTest, ReportsWhatIsWrongWithAConfiguration) {
  const Case cases[] = {
      {"pth: 'a'", "f:3:1: sink 'out': weir.test.Writer has no field 'pth'; did you mean 'path'?"},
      {"path: 'a' zzzzz { b: 1 c { d: [1, 2] } } format: JSN",
       "f:3:11: sink 'out': weir.test.Writer has no field 'zzzzz'\n"
       "f:3:50: sink 'out': 'format' must be JSON, TABLE or CSV; found 'JSN'; did you mean "
       "'JSON'?"},
      {"path: 'a' way: 'reserved'", "f:3:11: sink 'out': weir.test.Writer has no field 'way'"},
      {"path: 'a' zzzzz", "f:3:11: sink 'out': weir.test.Writer has no field 'zzzzz'"},
      {"path: 'a' zzzzz format: JSON lins",
       "f:3:11: sink 'out': weir.test.Writer has no field 'zzzzz'\n"
       "f:3:30: sink 'out': weir.test.Writer has no field 'lins'; did you mean 'lines'?"},
      {"path: 'a' lines format: JSON",
       "f:3:17: sink 'out': expected ':' after 'lines', found 'format'"},
      {"zzzzz path: 'a'", "f:3:1: sink 'out': weir.test.Writer has no field 'zzzzz'"},
      {"path: 'a' lines", "f:4:1: sink 'out': expected ':' after 'lines', found '}'"},
      {"path: 'a'\n\ttls { ca_fil: 'x' }",
       "f:4:8: sink 'out': weir.test.Writer.Tls has no field 'ca_fil'; did you mean 'ca_file'?"},
      {"path: 'a' [weir.test.none]: 1",
       "f:3:11: sink 'out': weir.test.Writer has no field '[weir.test.none]'"},
      {"path: 5", "f:3:7: sink 'out': 'path' must be a text in quotes; found '5'; write \"5\""},
      {"path: 'a' path: 'b'",
       "f:3:11: sink 'out': 'path' is given a second time; it takes one value"},
      {"path 'a'", "f:3:6: sink 'out': expected ':' after 'path', found the text 'a'"},
      {"path: 'a' tls: 5", "f:3:16: sink 'out': expected '{' after 'tls', found '5'"},
      {"path: 'a' lines: -1",
       "f:3:18: sink 'out': 'lines' must be a whole number from 1 to 1000; found '-1'"},
      {"path: 'a' lines: 4294967296",
       "f:3:18: sink 'out': 'lines' must be a whole number from 1 to 1000; found '4294967296'"},
      {"path: 'a' append: maybe lines: 'x' ratio: q",
       "f:3:19: sink 'out': 'append' must be true or false; found 'maybe'\nf:3:32: sink 'out': "
       "'lines' must be a whole number from 1 to 1000; found the text 'x'\nf:3:43: sink 'out': "
       "'ratio' must be a number from 0 to 1; found 'q'"},
      {"path: 'a' append: 'yes'",
       "f:3:19: sink 'out': 'append' must be true or false; found the text 'yes'; write true"},
      {"path: 'a' host: 'x' socket: 'y'",
       "f:3:21: sink 'out': 'socket' cannot be used together with 'host': give one of them"},
      {"path: 'a' ports: [1, x, 2]",
       "f:3:22: sink 'out': 'ports' must be a whole number from 1 to 65535; found 'x'"},
      {"path: 'a' lines:",
       "f:4:1: sink 'out': 'lines' must be a whole number from 1 to 1000; found '}'"},
      {"path: 'a' = 5", "f:3:11: sink 'out': expected the name of a field, found '='"},
      {"path: 'a' format: 9", "f:3:19: sink 'out': 'format' must be JSON, TABLE or CSV; found '9'"},
      // Rules.
      {"", "f:2:56: sink 'out': path is required"},
      {"path: '' tls { }",
       "f:3:1: sink 'out': path must not be empty\n"
       "f:3:10: sink 'out': tls[0].ca_file is required"},
      {"path: 'a' lines: 1001 ratio: nan ports: [5, 0] ports: 65536",
       "f:3:11: sink 'out': lines 1001 is not allowed; it must be from 1 to 1000\n"
       "f:3:23: sink 'out': ratio nan is not allowed; it must be from 0 to 1\n"
       "f:3:45: sink 'out': ports[1] 0 is not allowed; it must be from 1 to 65535\n"
       "f:3:48: sink 'out': ports[2] 65536 is not allowed; it must be from 1 to 65535"},
      {"path: 'a' tls { ca_file: 'a' }\ntls { ca_file: 'b' fallback { ca_file: 'c' version: 4 } }",
       "f:4:44: sink 'out': tls[1].fallback.version 4 is not allowed; it must be from 2 to 3"},
      {"path: 'a' interval: '5 parsecs'",
       "f:3:11: sink 'out': interval '5 parsecs' is not a duration; it is written as in \"1h30m\", "
       "\"5s\" or \"100ms\""},
      {"path: 'a' interval: '9ms'",
       "f:3:11: sink 'out': interval '9ms' is not allowed; it must be from 10ms to 1h"},
      {"path: 'a' since: 'infinite-future'",
       "f:3:11: sink 'out': since 'infinite-future' is not an instant of RFC 3339, as in "
       "\"2022-08-23T16:33:22.5Z\""},
      {"path: 'a' interfaces: ['eth0', '/[/', '/x)/', '/(a)\\\\1/', 'br-0.100+']",
       "f:3:32: sink 'out': interfaces[1] '/[/' is not a valid regular expression: a '[' without "
       "']'\n"
       "f:3:39: sink 'out': interfaces[2] '/x)/' is not a valid regular expression: a ')' without "
       "'('\n"
       "f:3:47: sink 'out': interfaces[3] '/(a)\\\\1/' is not a valid regular expression: '\\1' "
       "is no escape sequence; back references are not supported"},
      {"path: 'a' networks: ['10.0.0.0/8', '::1', '10.0.0.0/33', 'lo']",
       "f:3:43: sink 'out': networks[2] '10.0.0.0/33' is not a range of IP addresses; it is "
       "written as in \"10.0.0.0/8\" or \"fd00::/8\"\n"
       "f:3:58: sink 'out': networks[3] 'lo' is not a range of IP addresses; it is written as in "
       "\"10.0.0.0/8\" or \"fd00::/8\""},
      {"path: 'a'\nnames { key: 1 value: 'a' } names { key: 2 value: 'B' }\nnames { key: 1 value: "
       "'b' "
       "}",
       "f:4:44: sink 'out': names[1].value 'B' does not match the pattern [a-z]+[0-9]*\n"
       "f:5:1: sink 'out': names[2] has the key 1 again"},
      {"path: '\\377'", "f:3:1: sink 'out': path is not valid UTF-8"},
      {"path: 'a\\000b'", "f:3:1: sink 'out': path has a NUL byte"},
  };
  for (const Case& test : cases) ExpectErrorsInBothForms(test.text, test.errors);
}

TEST(LoaderTest, ReportsAConfigurationInTheWrongPlace) {
  const Case cases[] = {
      {"[weir/weir.test.Other] { }",
       "f:2:1: sink 's': the type 'writer' is configured by [weir/weir.test.Writer], not by "
       "[weir/weir.test.Other]; the name can be left out: config { ... }"},
      {"[type.googleapis.com/weir.test.Writer] { path: 'a' }",
       "f:2:1: sink 's': the type 'writer' is configured by [weir/weir.test.Writer], not by "
       "[type.googleapis.com/weir.test.Writer]; the name can be left out: config { ... }"},
      {"[weir.test.Writer] { path: 'a' }",
       "f:2:1: sink 's': the type 'writer' is configured by [weir/weir.test.Writer], not by "
       "[weir.test.Writer]; the name can be left out: config { ... }"},
      {"", "f:1:45: sink 's': path is required"},
      {"[weir/weir.test.Writer] { path: 'a' }\nlines: 5",
       "f:3:1: sink 's': write all fields in config { ... }, or all in config { "
       "[weir/weir.test.Writer] { ... } }"},
      {"lines: 5\n[weir/weir.test.Writer] { path: 'a' }",
       "f:3:1: sink 's': write all fields in config { ... }, or all in config { "
       "[weir/weir.test.Writer] { ... } }"},
      {"[weir/weir.test.Writer] { path: 'a' }\n[weir/weir.test.Writer] { }",
       "f:3:1: sink 's': a stage has one configuration only"},
      {"[weir/weir.test.Writer] { path: 'a' } = 5",
       "f:2:39: sink 's': expected '}' behind the block of [weir/weir.test.Writer], found '='"},
      {"[weir/weir.test.Writer]: 5",
       "f:2:1: sink 's': [weir/weir.test.Writer] must be followed by a block in braces"},
  };
  for (const Case& test : cases) {
    ExpectErrors(absl::StrCat("sink { name: 's' type: 'writer' input: 'in' config {\n", test.text,
                              "\n} }\nsource { name: 'in' type: 'generator' }"),
                 test.errors);
  }
  ExpectErrors(
      "source { name: 'in' type: 'generator' config { [weir/x.Y] { } } }\n"
      "sink { name: 's' type: 'writer' input: 'in' }",
      "f:1:39: source 'in': the type 'generator' takes no configuration\n"
      "f:2:1: sink 's': path is required");
}

TEST(LoaderTest, TakesBothFormsOfAConfiguration) {
  const std::string fields = R"(path: "a"
'b' lines: 0x10 names { key: 3 value: "uplink" }
tls < ca_file: "ca" > interfaces: ["/e.*/", "lo"] # a comment
extra { [type.googleapis.com/weir.test.Writer] { path: 'x' } } append: true)";
  const absl::StatusOr<PipelineConfig> long_form = Load(WithWriter(fields));
  ASSERT_TRUE(long_form.ok()) << long_form.status();
  for (const char* braces :
       {"config {%s}", "config: {%s}", "config <%s>", "config: <%s>",
        "config: { [weir/weir.test.Writer]: {%s} }", "config < [weir/weir.test.Writer] <%s> >"}) {
    const std::string config = absl::StrReplaceAll(braces, {{"%s", fields}});
    const absl::StatusOr<PipelineConfig> other =
        Load(absl::StrCat("source { name: 'in' type: 'generator' }\n"
                          "sink { name: 'out' type: 'writer' input: 'in' ",
                          config, " }\n"));
    ASSERT_TRUE(other.ok()) << config << other.status();
    EXPECT_EQ(other->stages.at(1).config, long_form->stages.at(1).config) << config;
  }
}

TEST(LoaderTest, TakesAnEmptyConfigurationForTheDefaults) {
  for (const char* config : {"", "config {}", "config { }", "config: {}", "config <>",
                             "config { # nothing\n}", "config { [weir/weir.test.Evil] { } }"}) {
    const absl::StatusOr<PipelineConfig> pipeline =
        Load(absl::StrCat("source { name: 'in' type: 'generator' }\n"
                          "transform { name: 't' type: 'evil' input: 'in' ",
                          config,
                          " }\n"
                          "sink { name: 'out' type: 'null' input: 't' }\n"));
    ASSERT_TRUE(pipeline.ok()) << config << pipeline.status();
    EXPECT_EQ(pipeline->stages.at(1).config, "") << config;
  }
}

TEST(LoaderTest, ReportsAShortFormWithoutAKnownType) {
  ExpectErrors(
      "source { name: 'in' type: 'generator' }\n"
      "sink { name: 'a' type: 'writr' input: 'in' config { path: 5 } }\n"
      "sink { name: 'b' input: 'in' config { path: 'x' } }\n"
      "sink { name: 'c' type: 'null' input: 'in' config { path: 'x' } }",
      "f:2:18: sink 'a': there is no sink type 'writr' (there are null, writer); did you mean "
      "'writer'?\n"
      "f:3:1: sink 'b': type is required\n"
      "f:4:43: sink 'c': the type 'null' takes no configuration");
}

TEST(LoaderTest, ReportsWhatIsWrongWithStages) {
  const Case cases[] = {
      {"", "f:1:1: the file has no stages; a pipeline needs at least a source and a sink"},
      {"# nothing\n",
       "f:1:1: the file has no stages; a pipeline needs at least a source and a sink"},
      {"source { name: 'a' typ: 'generator' }",
       "f:1:20: source 'a': weir.Source has no field 'typ'; did you mean 'type'?"},
      {"sinks { }", "f:1:1: weir.Pipeline has no field 'sinks'; did you mean 'sink'?"},
      {"nonsense", "f:1:1: weir.Pipeline has no field 'nonsense'"},
      {"source { name: 'a' type: 'generator' }\nsink { name: 'b' type: 'null' input: 'a' }\n"
       "nonsense",
       "f:3:1: weir.Pipeline has no field 'nonsense'"},
      {"source { name: 'a' type: 'generator' } nonsense\nsink { name: 'b' type: 'null' input: 'a' "
       "}",
       "f:1:40: weir.Pipeline has no field 'nonsense'"},
      {"source { name: 'a' type: 'generator' input: 'b' }",
       "f:1:38: source 'a': weir.Source has no field 'input'"},
      {"source { }", "f:1:1: source: name is required\nf:1:1: source: type is required"},
      {"source { name: 'a b' type: 'generator' }\nsink { name: 'c' type: 'null' input: 'a b' queue "
       "{ batches: 0 } }",
       "f:1:10: source 'a b': name 'a b' is not a name of letters, digits and _ . -; "
       "write \"a_b\"\n"
       "f:2:52: sink 'c': queue.batches 0 is not allowed; it must be from 1 to 65536"},
      {"source { name: 'a' type: 'generator' }\nsink { name: 'b' type: 'nul' input: 'a' }",
       "f:2:18: sink 'b': there is no sink type 'nul' (there are null, writer); did you mean "
       "'null'?"},
      {"source { name: 'a' type: 'null' }\nsink { name: 'b' type: 'null' input: 'a' }",
       "f:1:20: source 'a': there is no source type 'null' (there are generator, reader); it is "
       "the type of a sink"},
      {"source { name: 'a' type: 'generator' }\nsink { name: 'a' type: 'null' input: 'a' }",
       "f:2:8: the name 'a' is already used by the source in line 1"},
      {"source { name: 'flows' type: 'generator' }\nsink { name: 'b' type: 'null' input: 'flwos' }",
       "f:2:31: sink 'b': there is no source or transform 'flwos'; did you mean 'flows'?"},
      {"source { name: 'a' type: 'generator' }\nsink { name: 'b' type: 'null' input: 'a' }\n"
       "sink { name: 'c' type: 'null' input: ['a', 'b', 'a', 'c'] }",
       "f:3:44: sink 'c': the input 'b' is a sink; only sources and transforms emit "
       "records\nf:3:49: sink 'c': the input 'a' is given twice\nf:3:54: sink 'c': the input is "
       "the stage itself"},
      {"source { name: 'a' type: 'generator' }\nsource { name: 'b' type: 'generator' }\n"
       "transform { name: 'c' type: 'pass' input: 'a' }\ntransform { name: 'd' type: 'pass' }\n"
       "sink { name: 'e' type: 'null' }\nsink { name: 'f' type: 'null' input: 'd' }",
       "f:4:1: transform 'd': it has no input; name the stage that it takes records from, as in "
       "input: \"b\"\nf:5:1: sink 'e': it has no input; name the stage that it takes records from, "
       "as in input: \"b\""},
      {"source { name: 'a' type: 'generator' }\nsource { name: 'b' type: 'generator' }\n"
       "transform { name: 'c' type: 'pass' input: 'a' }\nsink { name: 'f' type: 'null' input: 'a' "
       "}",
       "f:2:1: source 'b': no stage takes its records; write input: \"b\" in a transform or a "
       "sink\nf:3:1: transform 'c': no stage takes its records; write input: \"c\" in a transform "
       "or a sink"},
      {"source { name: 's' type: 'generator' }\n"
       "transform { name: 'a' type: 'pass' input: 's' input: 'c' }\n"
       "transform { name: 'b' type: 'pass' input: 'a' }\n"
       "transform { name: 'c' type: 'pass' input: 'b' }\n"
       "sink { name: 'o' type: 'null' input: 'c' }",
       "f:2:47: the inputs form a cycle: a -> b -> c -> a"},
      {"transform { name: 'a' type: 'pass' input: 'a' }",
       "f:1:36: transform 'a': the input is the stage itself"},
  };
  for (const Case& test : cases) ExpectErrors(test.text, test.errors);
}

TEST(LoaderTest, ReportsWhatCannotBeRead) {
  const Case cases[] = {
      {"source {\n  name: 'a'\n", "f:1:8: source 'a': this '{' is never closed"},
      {"source { } }", "f:1:12: this '}' closes nothing"},
      {"source { >", "f:1:10: source: this '>' does not match the '{' before it"},
      {"source { name: 'a\n}",
       "f:1:16: source: the text that begins with this ' has no closing ' in its line"},
      {"source {\n\tname: '\\q' }",
       "f:2:9: source '\\\\q': '\\q' is not an escape sequence; a backslash is written '\\\\'"},
      {"source {\n\t name: 1x }",
       "f:2:9: source: 'name' must be a text in quotes; found '1x'; write \"1x\""},
      {"source { name 'a' type: 'generator' }\nsource { name: 5 type: 'nope' }",
       "f:1:15: source: expected ':' after 'name', found the text 'a'\nf:2:16: source: 'name' must "
       "be a text in quotes; found '5'; write \"5\"\nf:2:18: source: there is no source type "
       "'nope' (there are generator, reader)"},
  };
  for (const Case& test : cases) ExpectErrors(test.text, test.errors);
}

TEST(LoaderTest, FindsMistakesOfAllKindsAtOnce) {
  ExpectErrors(
      "source { name: 'in' type: 'reader' config { [weir/weir.test.Writer.Tls] { version: 1 } } }\n"
      "transform { name: 't' type: 'pas' input: 'inn' }\n"
      "sink { name: 'o' type: 'writer' input: 't' config { [weir/weir.test.Writer] { lins: 5 } } }",
      "f:1:45: source 'in': ca_file is required\nf:1:75: source 'in': version 1 is not allowed; it "
      "must be from 2 to 3\nf:2:23: transform 't': there is no transform type 'pas' (there are "
      "evil, pass); did you mean 'pass'?\nf:2:35: transform 't': there is no source or transform "
      "'inn'; did you mean 'in'?\nf:3:79: sink 'o': weir.test.Writer has no field 'lins'; did you "
      "mean 'lines'?");
}

}  // namespace
}  // namespace weir::config
