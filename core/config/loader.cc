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
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/config/diagnostics.h"
#include "core/config/expansion.h"
#include "core/config/field_rules.h"
#include "core/config/graph.h"
#include "core/config/outline.h"
#include "core/config/path_finder.h"
#include "core/config/pipeline.pb.h"
#include "core/config/strict_parser.h"
#include "core/config/suggestion.h"
#include "core/config/typed_config.h"

namespace weir::config {
namespace {

// A pipeline that a person wrote has some dozens.
constexpr size_t kMaxStages = 1024;

// For a configuration that comes through a pipe.
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

// One file on its way. One thread.
class Loader {
 public:
  Loader(std::string_view file_name, const ConfigSchemas& schemas)
      : diagnostics_(file_name), schemas_(schemas) {}

  absl::StatusOr<PipelineConfig> Load(std::string_view text, const Environment& environment,
                                      const NeedTypes& need) {
    expanded_ = ExpandedText::Expand(text, environment, kMaxFileBytes, &diagnostics_);
    if (!diagnostics_.empty() || !outline_.Build(expanded_.text(), report_)) return Failure();
    absl::StatusOr<RuleSet> rules = RuleSet::Compile(Pipeline::descriptor());
    if (!rules.ok()) return rules.status();

    Pipeline pipeline;
    mistakes_ =
        ParseStrictly(&outline_, Outline::kRoot, ConfigBlocks(outline_), &pipeline, report_);
    TakeStages(StageKind::kSource, pipeline.source(), *rules);
    TakeStages(StageKind::kTransform, pipeline.transform(), *rules);
    TakeStages(StageKind::kSink, pipeline.sink(), *rules);
    if (stages_.size() > kMaxStages) {
      diagnostics_.Add(
          {}, absl::StrCat("there are ", stages_.size(), " stages; allowed are ", kMaxStages));
      return Failure();
    }
    std::sort(stages_.begin(), stages_.end(),
              [](const Stage& a, const Stage& b) { return a.token < b.token; });
    if (need) need(TypesNamed());
    for (Stage& stage : stages_) CheckType(&stage);
    return Assemble();
  }

 private:
  struct Stage {
    StageConfig config;
    std::vector<std::string> inputs;
    int token;
    int block;
  };

  absl::Status Failure() const { return diagnostics_.ToStatus(kMaxReportedErrors); }

  Position PositionOf(int token) const { return expanded_.PositionOf(outline_.token(token).begin); }

  bool HasMistakes(int block) const {
    const Block& bounds = outline_.block(block);
    const auto first = std::lower_bound(mistakes_.begin(), mistakes_.end(), bounds.open);
    return first != mistakes_.end() && *first <= bounds.close;
  }

  static std::string Title(const StageConfig& stage) {
    return stage.name.empty() ? std::string(StageKindName(stage.kind))
                              : absl::StrCat(StageKindName(stage.kind), " ", Quoted(stage.name));
  }

  template <typename Messages>
  void TakeStages(StageKind kind, const Messages& messages, const RuleSet& rules) {
    const std::vector<FieldValue> places = outline_.Values(Outline::kRoot, StageKindName(kind));
    // After a mistake the parser may have seen fewer.
    const size_t count = std::min(places.size(), static_cast<size_t>(messages.size()));
    for (size_t i = 0; i < count; ++i) {
      const auto& message = messages.Get(static_cast<int>(i));
      if (places[i].block < 0) continue;
      Stage stage;
      stage.config.kind = kind;
      stage.config.name = message.name();
      stage.config.type = message.type();
      stage.config.queue_batches = QueueBatchesOf(message);
      stage.config.position = PositionOf(places[i].token);
      stage.inputs = InputsOf(message);
      stage.token = places[i].token;
      stage.block = places[i].block;
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
      diagnostics_.Add(PositionOf(token), absl::StrCat(Title(stage.config), ": ", sentence));
    };
    const auto is_given = [&](const FieldPath& path) { return finder.Find(path).has_value(); };
    rules.Check(message, complete, is_given, report);
  }

  // Each once, in the order of the file.
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
    // Without one, it has been said that it is required.
    if (stage->config.type.empty()) return;
    const ComponentType* type = schemas_.Find(stage->config.kind, stage->config.type);
    if (type == nullptr) {
      UnknownType(*stage);
      return;
    }
    const absl::StatusOr<const Schema*> schema = type->schema();
    if (!schema.ok()) {
      diagnostics_.Add(TypePosition(*stage),
                       absl::StrCat(Title(stage->config), ": ", schema.status().message()));
      return;
    }
    const Outline::Report report = [&](size_t offset, const std::string& sentence) {
      diagnostics_.Add(expanded_.PositionOf(offset),
                       absl::StrCat(Title(stage->config), ": ", sentence));
    };
    stage->config.config = ParseTypedConfig(**schema, &outline_, stage->block, report);
  }

  Position TypePosition(const Stage& stage) const {
    const std::vector<FieldValue> place = outline_.Values(stage.block, "type");
    return PositionOf(place.empty() ? stage.token : place.front().token);
  }

  void UnknownType(const Stage& stage) {
    if (diagnostics_.full()) return;
    const std::string_view kind = StageKindName(stage.config.kind);
    const std::string& type = stage.config.type;
    const std::vector<std::string> known = schemas_.Types(stage.config.kind);
    std::string sentence =
        absl::StrCat(Title(stage.config), ": there is no ", kind, " type ", Quoted(type), " (",
                     known.empty() ? "no plugin has any" : "there are ", absl::StrJoin(known, ", "),
                     ")", DidYouMean(type, known));
    for (const StageKind other : {StageKind::kSource, StageKind::kTransform, StageKind::kSink}) {
      if (!schemas_.Exists(other, type)) continue;
      absl::StrAppend(&sentence, "; it is the type of a ", StageKindName(other));
    }
    diagnostics_.Add(TypePosition(stage), std::move(sentence));
  }

  GraphStage ToGraph(const Stage& stage) const {
    GraphStage result{
        stage.config.kind, stage.config.name, stage.config.position, stage.config.position, {}};
    const std::vector<FieldValue> names = outline_.Values(stage.block, "name");
    if (!names.empty()) result.name_position = PositionOf(names.front().token);
    const std::vector<FieldValue> inputs = outline_.Values(stage.block, "input");
    for (size_t i = 0; i < stage.inputs.size() && i < inputs.size(); ++i) {
      result.inputs.push_back({stage.inputs[i], PositionOf(inputs[i].token)});
    }
    return result;
  }

  // Whether all stages have names and inputs: if not, the graph would be wrong for
  // reasons that have been told.
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

  Diagnostics diagnostics_;
  const ConfigSchemas& schemas_;
  ExpandedText expanded_;
  Outline outline_;
  const Outline::Report report_ = [this](size_t offset, std::string sentence) {
    diagnostics_.Add(expanded_.PositionOf(offset), std::move(sentence));
  };
  std::vector<int> mistakes_;  // tokens, sorted: of the stages, not of their configurations
  std::vector<Stage> stages_;
};

absl::Status ReadError(const std::string& path, int error) {
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": the configuration cannot be read: ", std::strerror(error)));
}

// Waits until a pipe or a terminal has something to read, or its end. `deadline` is for all of
// the file: weir cannot be stopped by a signal meanwhile.
bool WaitForInput(int file, absl::Time deadline) {
  while (true) {
    const int64_t left_ms = absl::ToInt64Milliseconds(deadline - absl::Now());
    if (left_ms <= 0) return false;
    pollfd readable{file, POLLIN, 0};
    const int ready = poll(&readable, 1, static_cast<int>(left_ms));
    if (ready > 0 || (ready < 0 && errno != EINTR)) return true;
  }
}

// All of an open file, or more than it may have. By and by: most have a few kB, and memory for the
// longest would have to be cleared.
absl::StatusOr<std::string> ReadOpen(int file, const std::string& path) {
  const absl::Time deadline = absl::Now() + kInputTimeout;
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
          absl::StrCat(path, ": the configuration cannot be read: its writer is not done within ",
                       absl::FormatDuration(kInputTimeout)));
    } else if (errno != EINTR) {
      return ReadError(path, errno);
    }
  }
  return text;
}

// Does not wait for the writer of a FIFO.
absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return ReadError(path, errno);
  struct stat facts;
  absl::StatusOr<std::string> text =
      fstat(file, &facts) == 0 ? ReadOpen(file, path) : ReadError(path, errno);
  close(file);
  if (text.ok() && text->empty() && S_ISFIFO(facts.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": the configuration cannot be read: nobody writes to this FIFO"));
  }
  return text;
}

}  // namespace

absl::StatusOr<PipelineConfig> LoadFile(const std::string& path, const ConfigSchemas& schemas,
                                        const Environment& environment, const NeedTypes& need) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  return LoadText(*text, path, schemas, environment, need);
}

absl::StatusOr<PipelineConfig> LoadText(std::string_view text, std::string_view file_name,
                                        const ConfigSchemas& schemas,
                                        const Environment& environment, const NeedTypes& need) {
  if (text.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(file_name, ": the configuration is longer than ", kMaxFileBytes, " bytes"));
  }
  return Loader(file_name, schemas).Load(text, environment, need);
}

}  // namespace weir::config
