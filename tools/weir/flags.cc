// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/flags.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gflags/gflags.h"

namespace weir {
namespace {

struct Value {
  const char* flag;
  const char* placeholder;
  std::vector<std::string> words;
};

// For gflags all of these are strings.
const std::vector<Value>& Values() {
  static const auto* const values = new std::vector<Value>{
      {"component", "TYPE", {}},
      {"config", "FILE", {}},
      {"config_text", "FIELDS", {}},
      {"depth", "DEPTH", {"config", "setup"}},
      {"drain_timeout", kDuration.data(), {}},
      {"log_level", "LEVEL", {"debug", "info", "warning", "error"}},
      {"plugin_path", "FOLDERS", {}},
      {"report", "FILE", {}},
      {"step_timeout", kDuration.data(), {}},
  };
  return *values;
}

}  // namespace

std::string Flag::Spelling() const {
  return absl::StrCat("--", name, placeholder.empty() ? "" : "=", placeholder);
}

const std::vector<std::string>& GlobalFlags() {
  static const auto* const flags =
      new std::vector<std::string>{"plugin_path", "log_level", "drain_timeout"};
  return *flags;
}

Flag DescribeFlag(const std::string& name) {
  const gflags::CommandLineFlagInfo info = gflags::GetCommandLineFlagInfoOrDie(name.c_str());
  // All switches are off by default.
  const bool is_switch = info.type == "bool";
  Flag flag{
      name, is_switch ? "" : "VALUE", {}, info.description, is_switch ? "" : info.default_value};
  for (const Value& value : Values()) {
    if (name != value.flag) continue;
    flag.placeholder = value.placeholder;
    flag.words = value.words;
  }
  return flag;
}

std::vector<Flag> DescribeFlags(const std::vector<std::string>& names) {
  std::vector<Flag> flags;
  flags.reserve(names.size());
  for (const std::string& name : names) flags.push_back(DescribeFlag(name));
  return flags;
}

absl::StatusOr<absl::Duration> ReadDuration(std::string_view name, std::string_view value) {
  absl::Duration duration;
  if (!absl::ParseDuration(value, &duration) || duration <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--", name, ": '", value, "' is not a duration, such as 10s"));
  }
  return duration;
}

}  // namespace weir
