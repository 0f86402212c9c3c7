// SPDX-License-Identifier: Apache-2.0
// The build runs this to print a file that is installed beside the program and has the texts of
// --help.
//
//   generate_documents manual                           weir(1)
//   generate_documents file_manual SCHEMA PLUGIN...     weir.textproto(5)
//   generate_documents bash_completion
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/plugin/catalogue.h"
#include "core/plugin/version.h"
#include "tools/weir/command_table.h"
#include "tools/weir/completion.h"
#include "tools/weir/manual.h"

namespace weir {
namespace {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || !text) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  return text.str();
}

absl::StatusOr<std::string> FileManual(const std::string& schema_path,
                                       const std::vector<std::string>& plugins) {
  const absl::StatusOr<std::string> schema = ReadFile(schema_path);
  if (!schema.ok()) return schema.status();
  plugin::Catalogue catalogue;
  for (const std::string& plugin : plugins) {
    if (absl::Status status = catalogue.AddFile(plugin); !status.ok()) return status;
  }
  std::vector<const config::Schema*> components;
  for (const config::ComponentType* type : catalogue.schemas().All()) {
    const absl::StatusOr<const config::Schema*> component = type->schema();
    if (!component.ok()) return component.status();
    components.push_back(*component);
  }
  return PipelineFileManual(*schema, components, plugin::kVersion);
}

absl::StatusOr<std::string> Generate(const std::vector<std::string>& words) {
  const std::string what = words.empty() ? "" : words[0];
  if (what == "manual" && words.size() == 1) return ProgramManual(Commands(), plugin::kVersion);
  if (what == "bash_completion" && words.size() == 1) return BashCompletion(Commands());
  if (what == "file_manual" && words.size() > 2) {
    return FileManual(words[1], {words.begin() + 2, words.end()});
  }
  return absl::InvalidArgumentError(
      "usage: generate_documents manual | bash_completion | file_manual SCHEMA PLUGIN...");
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  const absl::StatusOr<std::string> text = weir::Generate({argv + 1, argv + argc});
  if (!text.ok()) {
    std::cerr << text.status().message() << '\n';
    return 1;
  }
  std::cout << *text << std::flush;
  return std::cout.good() ? 0 : 1;
}
