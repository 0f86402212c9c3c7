// SPDX-License-Identifier: Apache-2.0
// Every example is valid in the short and in the long form of `config`, and both give the same
// pipeline. The examples that `weir describe` prints are valid, also with any one of their optional
// fields in force.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "core/config/describe/config_example.h"
#include "core/config/loader.h"
#include "core/config/schema/component_spec.h"
#include "core/config/schema/schemas.h"
#include "core/config/text/formatter.h"
#include "core/plugin/catalogue.h"
#include "core/record/stage_kind.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

constexpr char kTree[] = "tools/tree";

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::string> Examples() {
  std::vector<std::string> paths;
  const std::string folder = absl::StrCat(kTree, "/share/weir/examples");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string path = entry.path().string();
    // The type of this sink is not in a plugin of the tree: third_party_test builds it.
    if (absl::StrContains(path, "sqlite_sink")) continue;
    if (absl::EndsWith(path, ".textproto")) paths.push_back(path);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// Rewrites a file from the short to the long form. Reads the plain style of the examples only.
class LongForm {
 public:
  LongForm(std::string_view text, const config::ConfigSchemas& schemas)
      : text_(text), schemas_(schemas) {}

  std::string Run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        CopyTo(text_.find('\n', at_));
      } else if (c == '"') {
        CopyString();
      } else if (absl::ascii_isalpha(c)) {
        CopyWord();
      } else {
        if (c == '{') Open();
        if (c == '}') Close();
        CopyTo(at_ + 1);
      }
    }
    return out_;
  }
  int configs() const { return configs_; }

 private:
  void CopyTo(size_t end) {
    end = std::min(end, text_.size());
    absl::StrAppend(&out_, text_.substr(at_, end - at_));
    at_ = end;
  }
  void CopyString() {
    const size_t begin = at_;
    size_t end = at_ + 1;
    while (text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
    CopyTo(end + 1);
    if (depth_ == 1 && word_ == "type") type_ = text_.substr(begin + 1, end - begin - 1);
  }
  void CopyWord() {
    size_t end = at_;
    while (absl::ascii_isalnum(text_[end]) || text_[end] == '_') ++end;
    word_ = text_.substr(at_, end - at_);
    if (depth_ == 0) kind_ = word_;
    CopyTo(end);
  }
  void Open() {
    ++depth_;
    if (depth_ != 2 || word_ != "config") return;
    const StageKind kind = kind_ == "source" ? StageKind::kSource
                           : kind_ == "sink" ? StageKind::kSink
                                             : StageKind::kTransform;
    absl::StrAppend(&out_, "{ [weir/", schemas_.Find(kind, type_)->spec().config_message, "] ");
    in_config_ = true;
    ++configs_;
  }
  void Close() {
    if (depth_ == 2 && in_config_) {
      absl::StrAppend(&out_, "} ");
      in_config_ = false;
    }
    --depth_;
  }

  const std::string_view text_;
  const config::ConfigSchemas& schemas_;
  std::string out_;
  size_t at_ = 0;
  int depth_ = 0;
  int configs_ = 0;
  bool in_config_ = false;
  std::string_view word_, kind_, type_;
};

class ExamplesTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string plugins = absl::StrCat(kTree, "/lib/weir/plugins");
    ASSERT_TRUE(catalogue_.AddPath(plugins).ok());
    for (const config::ComponentType* type : catalogue_.schemas().All()) {
      ASSERT_TRUE(schemas_.Add(type->spec()).ok());
    }
    // Of examples/third_party/c_sink.
    config::ComponentSpec flow_list;
    flow_list.kind = StageKind::kSink;
    flow_list.type = "flow_list";
    ASSERT_TRUE(schemas_.Add(flow_list).ok());
  }

  absl::StatusOr<config::PipelineConfig> Load(const std::string& text, const std::string& path) {
    const auto environment = [](std::string_view name) -> std::optional<std::string> {
      if (name == "CAPTURE") return "packets.pcap";
      return std::nullopt;
    };
    return config::LoadText(text, path, schemas_, environment);
  }

  plugin::Catalogue catalogue_;
  config::ConfigSchemas schemas_;
};

TEST_F(ExamplesTest, GiveTheSamePipelineInBothForms) {
  const std::vector<std::string> examples = Examples();
  ASSERT_GE(examples.size(), 16u);
  int configs = 0;
  for (const std::string& path : examples) {
    const std::string text = ReadText(path);
    EXPECT_FALSE(absl::StrContains(text, "[weir/")) << path << ": is not in the short form";
    LongForm rewriter(text, schemas_);
    const std::string long_text = rewriter.Run();
    configs += rewriter.configs();
    const auto short_form = Load(text, path);
    const auto long_form = Load(long_text, path);
    ASSERT_TRUE(short_form.ok()) << short_form.status();
    ASSERT_TRUE(long_form.ok()) << long_form.status() << "\n" << long_text;
    ASSERT_EQ(short_form->stages.size(), long_form->stages.size()) << path;
    for (size_t i = 0; i < short_form->stages.size(); ++i) {
      const config::StageConfig& a = short_form->stages[i];
      const config::StageConfig& b = long_form->stages[i];
      EXPECT_EQ(a.kind, b.kind) << path;
      EXPECT_EQ(a.name, b.name) << path;
      EXPECT_EQ(a.type, b.type) << path;
      EXPECT_EQ(a.inputs, b.inputs) << path << " " << a.name;
      EXPECT_EQ(a.queue_batches, b.queue_batches) << path << " " << a.name;
      EXPECT_EQ(a.config, b.config) << path << " " << a.name;
      EXPECT_EQ(a.location.line, b.location.line) << path << " " << a.name;
    }
  }
  EXPECT_GE(configs, 30);
}

TEST_F(ExamplesTest, HaveTheLayoutOfFmt) {
  for (const std::string& path : Examples()) {
    const std::string text = ReadText(path);
    const absl::StatusOr<std::string> formatted = config::FormatText(text, path);
    ASSERT_TRUE(formatted.ok()) << formatted.status();
    EXPECT_EQ(*formatted, text) << path;
  }
}

// A stage of this type in a pipeline.
std::string PipelineWith(StageKind kind, const std::string& stage) {
  const std::string source =
      "source { name: \"flows\" type: \"record_file\" config { path: \"-\" } }\n";
  const std::string sink = "sink { name: \"out\" type: \"stdout\" input: \"%s\" }\n";
  const size_t quote = stage.find("name: \"") + 7;
  const std::string name = stage.substr(quote, stage.find('"', quote) - quote);
  if (kind == StageKind::kSource) {
    return absl::StrCat(stage, absl::StrReplaceAll(sink, {{"%s", name}}));
  }
  if (kind == StageKind::kSink) return absl::StrCat(source, stage);
  return absl::StrCat(source, stage, absl::StrReplaceAll(sink, {{"%s", name}}));
}

// The example once for each commented field, with this field in force.
std::vector<std::string> Uncommented(const std::string& example) {
  std::vector<std::string> results;
  const std::vector<std::string> lines = absl::StrSplit(example, '\n');
  constexpr std::string_view kBegin = "    # ";
  for (size_t first = 0; first < lines.size(); ++first) {
    if (!absl::StartsWith(lines[first], kBegin) || lines[first].size() <= kBegin.size() ||
        !absl::ascii_isalpha(lines[first][kBegin.size()])) {
      continue;
    }
    // A block ends with its brace in the same column.
    size_t last = first;
    if (absl::EndsWith(lines[first], "{")) {
      while (lines[last] != "    # }") ++last;
    }
    std::vector<std::string> changed = lines;
    for (size_t i = first; i <= last; ++i) changed[i].erase(4, 2);
    results.push_back(absl::StrJoin(changed, "\n"));
  }
  return results;
}

TEST_F(ExamplesTest, OfDescribeAreValidAlsoWithAnyOptionalField) {
  size_t fields = 0;
  for (const config::ComponentType* type : catalogue_.schemas().All()) {
    const config::Schema& schema = **type->schema();
    const std::string example = config::ExampleStage(schema, 0);
    const auto loaded = Load(PipelineWith(type->spec().kind, example), "example");
    EXPECT_TRUE(loaded.ok()) << loaded.status() << "\n" << example;
    for (const std::string& changed : Uncommented(example)) {
      ++fields;
      const auto changed_loaded = Load(PipelineWith(type->spec().kind, changed), "example");
      EXPECT_TRUE(changed_loaded.ok()) << changed_loaded.status() << "\n" << changed;
    }
  }
  EXPECT_GE(fields, 60u);
}

TEST_F(ExamplesTest, NameTheirSchemaForEditors) {
  for (const std::string& path : Examples()) {
    EXPECT_TRUE(absl::StartsWith(ReadText(path),
                                 "# proto-file: core/config/pipeline.proto\n"
                                 "# proto-message: weir.Pipeline\n"))
        << path;
  }
}

}  // namespace
}  // namespace weir
