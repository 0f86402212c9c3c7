// SPDX-License-Identifier: Apache-2.0
#include "core/config/typed_config.h"

#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/config/diagnostics.h"
#include "core/config/path_finder.h"
#include "core/config/strict_parser.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/message.h"

namespace weir::config {
namespace {

constexpr std::string_view kTypePrefix = "weir/";

// Where the typed message is. No block: it is absent, or wrong and reported.
struct Place {
  int token;       // to point at for what is absent
  int block = -1;  // of the message
  bool wrong = false;
};

class TypedConfigParser {
 public:
  TypedConfigParser(const Schema& schema, Outline* outline, int stage_block,
                    const Outline::Report& report)
      : schema_(schema), outline_(*outline), stage_block_(stage_block), report_(report) {}

  std::string Run() {
    const Place place = Find();
    if (place.wrong || schema_.message() == nullptr) return "";
    const std::unique_ptr<google::protobuf::Message> message = schema_.NewMessage();
    bool complete = true;
    if (place.block >= 0) {
      const Outline::Report report = [this](size_t offset, std::string sentence) {
        Report(offset, std::move(sentence));
      };
      complete = ParseStrictly(&outline_, place.block, {}, message.get(), report).empty();
    }
    CheckRules(*message, place, complete);
    return failed_ ? "" : Serialize(*message);
  }

 private:
  void CheckRules(const google::protobuf::Message& message, const Place& place, bool complete) {
    PathFinder finder(outline_, place.block);
    const auto report = [&](const FieldPath& path, std::string sentence) {
      const int token = finder.Find(path).value_or(place.token);
      ReportAt(token, std::move(sentence));
    };
    const auto is_given = [&](const FieldPath& path) { return finder.Find(path).has_value(); };
    schema_.rules().Check(message, complete, is_given, report);
  }

  Place Find() {
    const std::vector<FieldValue> configs = outline_.Values(stage_block_, "config");
    const int stage_token = outline_.statement(outline_.block(stage_block_).statement).first;
    if (configs.empty()) return {stage_token};
    const FieldValue& config = configs.front();
    // Not a block: reported when the stage was parsed.
    if (config.block < 0) return {config.token, -1, true};
    if (schema_.message() == nullptr) {
      ReportAt(config.token,
               absl::StrCat("the type ", Quoted(schema_.spec().type), " takes no configuration"));
      return {config.token, -1, true};
    }
    return FindInside(config);
  }

  Place FindInside(const FieldValue& config) {
    const std::vector<int>& inside = outline_.block(config.block).statements;
    if (inside.empty()) return Wrong(config.token, Usage());
    const int token = outline_.statement(inside.front()).first;
    const std::string name = outline_.StatementName(inside.front());
    if (!absl::StartsWith(name, "[") || !absl::EndsWith(name, "]")) return Wrong(token, Usage());
    const std::string type_url = name.substr(1, name.size() - 2);
    if (type_url != absl::StrCat(kTypePrefix, schema_.message()->full_name())) {
      return Wrong(token, WrongType(type_url));
    }
    if (inside.size() > 1) {
      return Wrong(outline_.statement(inside[1]).first, "a stage has one configuration only");
    }
    const std::vector<FieldValue> values = outline_.Values(config.block, name);
    if (values.size() != 1 || values.front().block < 0) {
      return Wrong(token, absl::StrCat(name, " must be followed by a block in braces"));
    }
    return {token, values.front().block};
  }

  std::string Usage() const {
    return absl::StrCat("the configuration is written config { [", kTypePrefix,
                        schema_.message()->full_name(), "] { ... } }");
  }

  std::string WrongType(const std::string& type_url) const {
    const std::string& wanted = schema_.message()->full_name();
    const size_t slash = type_url.rfind('/');
    const std::string given = slash == std::string::npos ? type_url : type_url.substr(slash + 1);
    if (given == wanted) {
      return absl::StrCat("the name of the message is written [", kTypePrefix, wanted, "], not [",
                          type_url, "]");
    }
    return absl::StrCat("type ", schema_.spec().type, " is configured by ", wanted, ", not ",
                        given);
  }

  Place Wrong(int token, const std::string& sentence) {
    ReportAt(token, sentence);
    return {token, -1, true};
  }

  void ReportAt(int token, std::string sentence) {
    Report(outline_.token(token).begin, std::move(sentence));
  }
  void Report(size_t offset, std::string sentence) {
    failed_ = true;
    report_(offset, std::move(sentence));
  }

  // The same bytes for the same configuration, maps included.
  static std::string Serialize(const google::protobuf::Message& message) {
    std::string wire;
    {
      google::protobuf::io::StringOutputStream stream(&wire);
      google::protobuf::io::CodedOutputStream coded(&stream);
      coded.SetSerializationDeterministic(true);
      message.SerializePartialToCodedStream(&coded);
    }
    return wire;
  }

  const Schema& schema_;
  Outline& outline_;
  const int stage_block_;
  const Outline::Report& report_;
  bool failed_ = false;
};

}  // namespace

std::vector<int> ConfigBlocks(const Outline& outline) {
  std::vector<int> blocks;
  for (const std::string_view kind : {"source", "transform", "sink"}) {
    for (const FieldValue& stage : outline.Values(Outline::kRoot, kind)) {
      if (stage.block < 0) continue;
      for (const FieldValue& config : outline.Values(stage.block, "config")) {
        if (config.block >= 0) blocks.push_back(config.block);
      }
    }
  }
  return blocks;
}

std::string ParseTypedConfig(const Schema& schema, Outline* outline, int stage_block,
                             const Outline::Report& report) {
  return TypedConfigParser(schema, outline, stage_block, report).Run();
}

}  // namespace weir::config
