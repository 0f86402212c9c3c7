// SPDX-License-Identifier: Apache-2.0
#include "tools/benchmarks/machine.h"

#include <sched.h>
#include <sys/utsname.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tools/benchmarks/measurement_json.h"

namespace weir::benchmarks {
namespace {

constexpr char kUnknown[] = "unknown";

// Key -> value of the first block of lines.
std::map<std::string, std::string> FirstProcessor(std::string_view cpuinfo) {
  std::map<std::string, std::string> values;
  for (const std::string_view line : absl::StrSplit(cpuinfo, '\n')) {
    if (absl::StripAsciiWhitespace(line).empty()) {
      if (values.empty()) continue;
      break;
    }
    const std::pair<std::string_view, std::string_view> halves =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    std::string value(absl::StripAsciiWhitespace(halves.second));
    absl::RemoveExtraAsciiWhitespace(&value);
    value.erase(std::remove_if(value.begin(), value.end(), absl::ascii_iscntrl), value.end());
    if (value.empty()) continue;
    values.emplace(absl::StripAsciiWhitespace(halves.first), std::move(value));
  }
  return values;
}

int UsableProcessors() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 0;
}

}  // namespace

std::string ProcessorName(std::string_view cpuinfo) {
  // In the order in which they are told, each behind its title.
  constexpr std::pair<const char*, const char*> kIdentity[] = {
      {"vendor_id", ""},           {"cpu family", "family "},           {"model", "model "},
      {"stepping", "stepping "},   {"CPU implementer", "implementer "}, {"CPU part", "part "},
      {"CPU variant", "variant "}, {"CPU revision", "revision "},
  };
  const std::map<std::string, std::string> values = FirstProcessor(cpuinfo);
  std::vector<std::string> identity;
  for (const auto& [key, title] : kIdentity) {
    const auto found = values.find(key);
    if (found != values.end()) identity.push_back(absl::StrCat(title, found->second));
  }
  const auto name = values.find("model name");
  if (name == values.end() && identity.empty()) return kUnknown;
  if (name == values.end()) return absl::StrJoin(identity, " ");
  if (identity.empty()) return name->second;
  return absl::StrCat(name->second, ", ", absl::StrJoin(identity, " "));
}

Machine ThisMachine() {
  Machine machine;
  utsname names{};
  machine.kernel = uname(&names) == 0 ? names.release : kUnknown;
  std::ifstream file("/proc/cpuinfo");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  machine.processor = ProcessorName(text);
  machine.processors = UsableProcessors();
  return machine;
}

std::string TextOf(const Machine& machine) {
  return absl::StrFormat("Linux %s, %d processors (%s)", machine.kernel, machine.processors,
                         machine.processor);
}

std::string JsonMembersOf(const Machine& machine) {
  return absl::StrFormat("\"kernel\": %s,\n  \"processor\": %s,\n  \"processors\": %d,",
                         Quoted(machine.kernel), Quoted(machine.processor), machine.processors);
}

}  // namespace weir::benchmarks
