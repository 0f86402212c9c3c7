// SPDX-License-Identifier: Apache-2.0
#include "core/config/loader.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/config/graph.h"
#include "core/config/message/message_parser.h"
#include "core/config/message/path_finder.h"
#include "core/config/message/typed_config.h"
#include "core/config/pipeline.pb.h"
#include "core/config/schema/field_names.h"
#include "core/config/schema/field_rules.h"
#include "core/config/text/diagnostics.h"
#include "core/config/text/expansion.h"
#include "core/config/text/foreign_format.h"
#include "core/config/text/lexer.h"
#include "core/config/text/outline.h"
#include "core/config/text/stage_titles.h"
#include "core/suggestion/suggestion.h"

namespace weir::config {
namespace {

// A pipeline that a person writes has some dozens.
constexpr size_t kMaxStages = 1024;

// For a configuration from a pipe.
constexpr absl::Duration kInputTimeout = absl::Seconds(5);

std::vector<std::string> InputsOf(const Source&) { return {}; }
template <typename Consumer>
std::vector<std::string> InputsOf(const Consumer& stage) {
  return {stage.input().begin(), stage.input().end()};
}

uint32_t QueueBatchesOf(const Source&) { return kDefaultQueueBatches; }
template <typename Consumer>
uint32_t QueueBatchesOf(const Consumer& stage) {
  return stage.queue().batches();
}

// "ebpf_map" for "weir.sources.EbpfMap": the type that a message configures has nearly its name.
std::string TypeOfMessage(std::string_view message) {
  std::string type;
  for (const char c : message.substr(message.rfind('.') + 1)) {
    const bool upper = absl::ascii_isupper(static_cast<unsigned char>(c));
    if (upper && !type.empty()) type += '_';
    type += absl::ascii_tolower(static_cast<unsigned char>(c));
  }
  return type;
}

// One file. One thread.
class Loader {
 public:
  Loader(std::string_view file_name, std::string_view text, const ConfigSchemas& schemas)
      : original_(text), lines_(text), diagnostics_(file_name), schemas_(schemas) {}

  absl::StatusOr<PipelineConfig> Load(const Environment& environment, const NeedTypes& need) {
    if (!ReadText(environment)) return Failure();
    absl::StatusOr<RuleSet> rules = RuleSet::Compile(Pipeline::descriptor());
    if (!rules.ok()) return rules.status();
    ParseStages(*rules);
    if (stages_.size() > kMaxStages) {
      ReportStageMistakes();
      diagnostics_.Add(
          {}, absl::StrCat("there are ", stages_.size(), " stages; allowed are ", kMaxStages));
      return Failure();
    }
    if (need) need(TypesNamed());
    for (Stage& stage : stages_) CheckType(&stage);
    ReportStageMistakes();
    return Assemble();
  }

 private:
  struct Stage {
    StageConfig config;
    std::vector<std::string> inputs;
    int token;
    int block;
    const Schema* schema = nullptr;
  };
  struct Mistake {
    size_t offset;  // of the expanded text
    std::string sentence;
  };

  absl::Status Failure() const { return diagnostics_.ToStatus(kMaxReportedErrors); }

  void AddMistake(size_t original_offset, const std::string& sentence) {
    if (diagnostics_.full()) return diagnostics_.CountUnkept(1);
    diagnostics_.Add(lines_.LocationOf(original_offset),
                     absl::StrCat(titles_.Around(original_offset), sentence));
  }

  // Tokens, variables and blocks. False after a mistake.
  bool ReadText(const Environment& environment) {
    std::vector<Mistake> lexical;
    const std::vector<Token> tokens = Lex(original_, [&](size_t offset, std::string sentence) {
      if (lexical.size() < Diagnostics::kMaxKept) {
        lexical.push_back({offset, std::move(sentence)});
      } else {
        diagnostics_.CountUnkept(1);
      }
    });
    if (std::string foreign = ForeignFormat(original_, tokens); !foreign.empty()) {
      diagnostics_.Add({}, std::move(foreign));
      return false;
    }
    titles_ = StageTitles(original_, tokens);
    for (const Mistake& mistake : lexical) AddMistake(mistake.offset, mistake.sentence);
    if (!diagnostics_.empty()) return false;
    expanded_ = ExpandedText::Expand(
        original_, tokens, environment, kMaxFileBytes,
        [this](size_t offset, const std::string& sentence) { AddMistake(offset, sentence); });
    if (!diagnostics_.empty()) return false;
    return outline_.Build(expanded_, [this](size_t offset, const std::string& sentence) {
      AddMistake(expanded_.OriginalOffset(offset), sentence);
    });
  }

  ConfigLocation LocationOf(int token) const {
    return lines_.LocationOf(expanded_.OriginalOffset(outline_.token(token).begin));
  }

  bool HasMistakes(int block) const {
    const Block& bounds = outline_.block(block);
    const auto first = std::lower_bound(mistakes_.begin(), mistakes_.end(), bounds.open);
    return first != mistakes_.end() && *first <= bounds.close;
  }

  static std::string Title(const StageConfig& stage) {
    return stage.name.empty() ? std::string(StageKindName(stage.kind))
                              : absl::StrCat(StageKindName(stage.kind), " ", Quoted(stage.name));
  }

  // All but the typed configurations.
  void ParseStages(const RuleSet& rules) {
    Pipeline pipeline;
    mistakes_ = ParseMessage(&outline_, Outline::kRoot, ConfigBlocks(outline_), &pipeline,
                             [this](size_t offset, std::string sentence) {
                               if (stage_mistakes_.size() < Diagnostics::kMaxKept) {
                                 stage_mistakes_.push_back({offset, std::move(sentence)});
                               } else {
                                 diagnostics_.CountUnkept(1);
                               }
                             });
    TakeStages(StageKind::kSource, pipeline.source(), rules);
    TakeStages(StageKind::kTransform, pipeline.transform(), rules);
    TakeStages(StageKind::kSink, pipeline.sink(), rules);
    std::sort(stages_.begin(), stages_.end(),
              [](const Stage& a, const Stage& b) { return a.token < b.token; });
  }

  template <typename Messages>
  void TakeStages(StageKind kind, const Messages& messages, const RuleSet& rules) {
    const std::vector<FieldValue> values = outline_.Values(Outline::kRoot, StageKindName(kind));
    const size_t count = std::min(values.size(), static_cast<size_t>(messages.size()));
    for (size_t i = 0; i < count; ++i) {
      const auto& message = messages.Get(static_cast<int>(i));
      if (values[i].block < 0) continue;
      Stage stage;
      stage.config.kind = kind;
      stage.config.name = message.name();
      stage.config.type = message.type();
      stage.config.queue_batches = QueueBatchesOf(message);
      stage.config.location = LocationOf(values[i].token);
      stage.inputs = InputsOf(message);
      stage.token = values[i].token;
      stage.block = values[i].block;
      CheckRules(message, stage, rules);
      stages_.push_back(std::move(stage));
    }
  }

  void CheckRules(const google::protobuf::Message& message, const Stage& stage,
                  const RuleSet& rules) {
    const bool complete = !HasMistakes(stage.block);
    PathFinder finder(outline_, stage.block);
    const auto report = [&](const FieldPath& path, const std::string& sentence) {
      const int token = finder.Find(path).value_or(stage.token);
      diagnostics_.Add(LocationOf(token), absl::StrCat(Title(stage.config), ": ", sentence));
    };
    const auto is_given = [&](const FieldPath& path) { return finder.Find(path).has_value(); };
    rules.Check(message, complete, is_given, report);
  }

  // Each type once, in the order of the file.
  std::vector<ComponentName> TypesNamed() const {
    std::vector<ComponentName> names;
    for (const Stage& stage : stages_) {
      ComponentName name{stage.config.kind, stage.config.type};
      const bool is_new = std::find(names.begin(), names.end(), name) == names.end();
      if (is_new && !name.type.empty()) names.push_back(std::move(name));
    }
    return names;
  }

  void CheckType(Stage* stage) {
    // CheckRules has reported a missing type.
    if (stage->config.type.empty()) return;
    const ComponentType* type = schemas_.Find(stage->config.kind, stage->config.type);
    if (type == nullptr) {
      UnknownType(*stage);
      return;
    }
    const absl::StatusOr<const Schema*> schema = type->schema();
    if (!schema.ok()) {
      diagnostics_.Add(TypeLocation(*stage),
                       absl::StrCat(Title(stage->config), ": ", schema.status().message()));
      return;
    }
    stage->schema = *schema;
    const MistakeReport report = [&](size_t offset, const std::string& sentence) {
      diagnostics_.Add(lines_.LocationOf(expanded_.OriginalOffset(offset)),
                       absl::StrCat(Title(stage->config), ": ", sentence));
    };
    TypedConfig config =
        ParseTypedConfig(**schema, &outline_, stage->block, !HasMistakes(stage->block), report);
    stage->config.config = std::move(config.wire);
    for (const auto& [name, token] : config.fields) {
      stage->config.fields.emplace(name, LocationOf(token));
    }
  }

  ConfigLocation TypeLocation(const Stage& stage) const {
    const std::vector<FieldValue> types = outline_.Values(stage.block, "type");
    return LocationOf(types.empty() ? stage.token : types.front().token);
  }

  void UnknownType(const Stage& stage) {
    if (diagnostics_.full()) return;
    const std::string_view kind = StageKindName(stage.config.kind);
    const std::string& type = stage.config.type;
    const std::vector<std::string> known = schemas_.Types(stage.config.kind);
    std::string suggestion = DidYouMean(type, known);
    if (suggestion.empty()) suggestion = DidYouMean(TypeOfMessage(type), known);
    std::string sentence =
        absl::StrCat(Title(stage.config), ": there is no ", kind, " type ", Quoted(type), " (",
                     known.empty() ? "no plugin has any" : "there are ", absl::StrJoin(known, ", "),
                     ")", suggestion);
    for (const StageKind other : {StageKind::kSource, StageKind::kTransform, StageKind::kSink}) {
      if (!schemas_.Exists(other, type)) continue;
      absl::StrAppend(&sentence, "; it is the type of a ", StageKindName(other));
    }
    diagnostics_.Add(TypeLocation(stage), std::move(sentence));
  }

  // After the types: an unknown field of a stage may be one of its configuration.
  void ReportStageMistakes() {
    for (const Mistake& mistake : stage_mistakes_) {
      AddMistake(expanded_.OriginalOffset(mistake.offset),
                 absl::StrCat(mistake.sentence, ConfigFieldHint(mistake.offset)));
    }
  }

  std::string ConfigFieldHint(size_t offset) const {
    if (diagnostics_.full()) return "";
    for (const Stage& stage : stages_) {
      if (stage.schema == nullptr || stage.schema->message() == nullptr) continue;
      for (const int statement : outline_.block(stage.block).statements) {
        if (outline_.token(outline_.statement(statement).first).begin != offset) continue;
        const std::string name = outline_.StatementName(statement);
        const bool is_field_of_stage =
            name == "name" || name == "type" || name == "input" || name == "queue";
        if (is_field_of_stage || FindField(*stage.schema->message(), name) == nullptr) return "";
        return absl::StrCat("; it belongs in the configuration: config { ", name, ": ... }");
      }
    }
    return "";
  }

  GraphStage ToGraph(const Stage& stage) const {
    GraphStage result{
        stage.config.kind, stage.config.name, stage.config.location, stage.config.location, {}};
    const std::vector<FieldValue> names = outline_.Values(stage.block, "name");
    if (!names.empty()) result.name_location = LocationOf(names.front().token);
    const std::vector<FieldValue> inputs = outline_.Values(stage.block, "input");
    for (size_t i = 0; i < stage.inputs.size() && i < inputs.size(); ++i) {
      result.inputs.push_back({stage.inputs[i], LocationOf(inputs[i].token)});
    }
    return result;
  }

  // True if all stages have names and inputs. If not, the errors of the graph would follow from
  // errors that have been reported.
  bool IsGraphKnown() const {
    return mistakes_.empty() &&
           std::none_of(stages_.begin(), stages_.end(),
                        [](const Stage& stage) { return stage.config.name.empty(); });
  }

  absl::StatusOr<PipelineConfig> Assemble() {
    std::vector<GraphStage> nodes;
    for (const Stage& stage : stages_) nodes.push_back(ToGraph(stage));
    CheckedGraph graph;
    if (IsGraphKnown()) graph = CheckGraph(nodes, &diagnostics_);
    if (!diagnostics_.empty()) return Failure();

    PipelineConfig result;
    std::vector<size_t> new_index(stages_.size());
    for (const size_t stage : graph.order) {
      new_index[stage] = result.stages.size();
      StageConfig config = std::move(stages_[stage].config);
      for (const size_t input : graph.inputs[stage]) config.inputs.push_back(new_index[input]);
      result.stages.push_back(std::move(config));
    }
    return result;
  }

  const std::string_view original_;
  const LineIndex lines_;
  StageTitles titles_;
  Diagnostics diagnostics_;
  const ConfigSchemas& schemas_;
  ExpandedText expanded_;
  Outline outline_;
  std::vector<int> mistakes_;  // tokens, sorted: of the stages, not of their configurations
  std::vector<Mistake> stage_mistakes_;  // the same, not reported yet
  std::vector<Stage> stages_;
};

absl::Status ReadError(const std::string& path, int error) {
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": the configuration cannot be read: ", std::strerror(error)));
}

absl::Status TooLong(std::string_view file_name) {
  return absl::InvalidArgumentError(
      absl::StrCat(file_name, ": the configuration is longer than ", kMaxFileBytes, " bytes"));
}

// Waits until a pipe or a terminal has data or ends. `deadline` is for the whole file, because
// no signal ends weir meanwhile.
bool WaitForInput(int file, absl::Time deadline) {
  while (true) {
    const bool for_ever = deadline == absl::InfiniteFuture();
    const int64_t left_ms = for_ever ? -1 : absl::ToInt64Milliseconds(deadline - absl::Now());
    if (!for_ever && left_ms <= 0) return false;
    pollfd readable{file, POLLIN, 0};
    const int ready = poll(&readable, 1, static_cast<int>(left_ms));
    if (ready > 0 || (ready < 0 && errno != EINTR)) return true;
  }
}

// Reads an open file, until it is longer than allowed. In parts: most files have a few kB, and
// memory for the longest would have to be cleared.
absl::StatusOr<std::string> ReadOpen(int file, const std::string& path, absl::Time deadline) {
  std::string text;
  char part[8192];
  while (text.size() <= kMaxFileBytes) {
    const ssize_t got = read(file, part, sizeof(part));
    if (got > 0) {
      text.append(part, static_cast<size_t>(got));
    } else if (got == 0) {
      break;
    } else if (errno == EAGAIN) {
      if (WaitForInput(file, deadline)) continue;
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": the configuration cannot be read: its writer does not end within ",
                       absl::FormatDuration(kInputTimeout)));
    } else if (errno != EINTR) {
      return ReadError(path, errno);
    }
  }
  return text;
}

}  // namespace

// Does not wait for the writer of a FIFO.
absl::StatusOr<std::string> ReadPipelineFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return ReadError(path, errno);
  struct stat facts;
  absl::StatusOr<std::string> text = fstat(file, &facts) == 0
                                         ? ReadOpen(file, path, absl::Now() + kInputTimeout)
                                         : ReadError(path, errno);
  close(file);
  if (text.ok() && text->size() > kMaxFileBytes) return TooLong(path);
  if (text.ok() && text->empty() && S_ISFIFO(facts.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": the configuration cannot be read: no process writes to this FIFO"));
  }
  return text;
}

absl::StatusOr<std::string> ReadOpenPipelineFile(int file, const std::string& name) {
  absl::StatusOr<std::string> text = ReadOpen(file, name, absl::InfiniteFuture());
  if (text.ok() && text->size() > kMaxFileBytes) return TooLong(name);
  return text;
}

absl::StatusOr<PipelineConfig> LoadFile(const std::string& path, const ConfigSchemas& schemas,
                                        const Environment& environment, const NeedTypes& need) {
  absl::StatusOr<std::string> text = ReadPipelineFile(path);
  if (!text.ok()) return text.status();
  return LoadText(*text, path, schemas, environment, need);
}

absl::StatusOr<PipelineConfig> LoadText(std::string_view text, std::string_view file_name,
                                        const ConfigSchemas& schemas,
                                        const Environment& environment, const NeedTypes& need) {
  if (text.size() > kMaxFileBytes) return TooLong(file_name);
  return Loader(file_name, text, schemas).Load(environment, need);
}

}  // namespace weir::config
