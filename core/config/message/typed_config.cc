// SPDX-License-Identifier: Apache-2.0
#include "core/config/message/typed_config.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/config/message/message_parser.h"
#include "core/config/message/path_finder.h"
#include "core/config/message/wire_format.h"
#include "core/config/text/diagnostics.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace weir::config {
namespace {

constexpr std::string_view kTypePrefix = "weir/";

// Where the message of a stage is in the file.
struct MessageLocation {
  int token;           // the position of errors about the message as a whole
  int block = -1;      // its fields; -1: the message is absent or wrong
  bool wrong = false;  // an error has been reported
};

class TypedConfigParser {
 public:
  TypedConfigParser(const Schema& schema, Outline* outline, int stage_block,
                    const MistakeReport& report)
      : schema_(schema), outline_(*outline), stage_block_(stage_block), report_(report) {}

  TypedConfig Run(bool complete) {
    const MessageLocation location = Find();
    if (location.wrong || schema_.message() == nullptr) return {};
    const std::unique_ptr<google::protobuf::Message> message = schema_.NewMessage();
    if (location.block >= 0) {
      const MistakeReport report = [this](size_t offset, std::string sentence) {
        Report(offset, std::move(sentence));
      };
      complete &= ParseMessage(&outline_, location.block, {}, message.get(), report).empty();
    }
    CheckRules(*message, location, complete);
    if (failed_) return {};
    TypedConfig config{ToWireFormat(*message), {}};
    AddFields(location.block, "", &config.fields);
    return config;
  }

 private:
  void CheckRules(const google::protobuf::Message& message, const MessageLocation& location,
                  bool complete) {
    PathFinder finder(outline_, location.block);
    const auto report = [&](const FieldPath& path, std::string sentence) {
      const int token = finder.Find(path).value_or(location.token);
      ReportAt(token, std::move(sentence));
    };
    const auto is_given = [&](const FieldPath& path) { return finder.Find(path).has_value(); };
    schema_.rules().Check(message, complete, is_given, report);
  }

  void AddFields(int block, const std::string& prefix, std::map<std::string, int>* fields) const {
    if (block < 0) return;
    for (const auto& [name, values] : outline_.AllValues(block)) {
      for (size_t i = 0; i < values.size(); ++i) {
        const std::string path = absl::StrCat(prefix, name, "[", i, "]");
        fields->emplace(path, values[i].token);
        AddFields(values[i].block, absl::StrCat(path, "."), fields);
      }
    }
  }

  MessageLocation Find() {
    const std::vector<FieldValue> configs = outline_.Values(stage_block_, "config");
    const int stage_token = outline_.statement(outline_.block(stage_block_).statement).first;
    if (configs.empty()) return {stage_token};
    const FieldValue& config = configs.front();
    // A value without a block was reported when the stage was parsed.
    if (config.block < 0) return {config.token, -1, true};
    if (schema_.message() == nullptr) {
      return Wrong(config.token, absl::StrCat("the type ", Quoted(schema_.spec().type),
                                              " takes no configuration"));
    }
    return FindInside(config);
  }

  MessageLocation FindInside(const FieldValue& config) {
    const std::vector<int>& inside = outline_.block(config.block).statements;
    const auto is_name = [this](int statement) { return IsMessageName(statement); };
    const auto name = std::find_if(inside.begin(), inside.end(), is_name);
    if (name == inside.end()) return {config.token, config.block};  // the short form
    const auto field = std::find_if_not(inside.begin(), inside.end(), is_name);
    if (field != inside.end()) return Wrong(FirstToken(std::max(*name, *field)), MixedForms());
    if (inside.size() > 1)
      return Wrong(FirstToken(inside[1]), "a stage has one configuration only");
    return FindInLongForm(config.block, *name);
  }

  MessageLocation FindInLongForm(int config_block, int statement) {
    const int token = FirstToken(statement);
    const std::string name = outline_.StatementName(statement);
    if (name != LongName()) return Wrong(token, WrongName(name));
    const std::vector<FieldValue> values = outline_.Values(config_block, name);
    if (values.size() != 1 || values.front().block < 0) {
      return Wrong(token, absl::StrCat(name, " must be followed by a block in braces"));
    }
    const int behind = outline_.block(values.front().block).close + 1;
    if (behind < outline_.statement(statement).end) {
      return Wrong(behind, absl::StrCat("expected '}' behind the block of ", name, ", found ",
                                        Quoted(outline_.TokenText(behind))));
    }
    return {token, values.front().block};
  }

  // True for `[weir/MESSAGE] { ... }`, also with the wrong message or prefix. Other names in
  // brackets are extensions: fields of the message.
  bool IsMessageName(int statement) const {
    const std::string name = outline_.StatementName(statement);
    return absl::StartsWith(name, "[") &&
           (absl::StrContains(name, '/') ||
            name == absl::StrCat("[", schema_.message()->full_name(), "]"));
  }

  std::string LongName() const {
    return absl::StrCat("[", kTypePrefix, schema_.message()->full_name(), "]");
  }

  std::string MixedForms() const {
    return absl::StrCat("write all fields in config { ... }, or all in config { ", LongName(),
                        " { ... } }");
  }

  std::string WrongName(const std::string& name) const {
    return absl::StrCat("the type ", Quoted(schema_.spec().type), " is configured by ", LongName(),
                        ", not by ", name, "; the name can be left out: config { ... }");
  }

  MessageLocation Wrong(int token, const std::string& sentence) {
    ReportAt(token, sentence);
    return {token, -1, true};
  }

  int FirstToken(int statement) const { return outline_.statement(statement).first; }

  void ReportAt(int token, std::string sentence) {
    Report(outline_.token(token).begin, std::move(sentence));
  }
  void Report(size_t offset, std::string sentence) {
    failed_ = true;
    report_(offset, std::move(sentence));
  }

  const Schema& schema_;
  Outline& outline_;
  const int stage_block_;
  const MistakeReport& report_;
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

TypedConfig ParseTypedConfig(const Schema& schema, Outline* outline, int stage_block, bool complete,
                             const MistakeReport& report) {
  return TypedConfigParser(schema, outline, stage_block, report).Run(complete);
}

}  // namespace weir::config
