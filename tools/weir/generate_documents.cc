// SPDX-License-Identifier: Apache-2.0
// The build runs this to print a document that is made from the table of commands, the schema of
// pipeline files and the descriptors of plugins.
//
//   generate_documents manual                           weir(1)
//   generate_documents file_manual SCHEMA PLUGIN...     weir.textproto(5)
//   generate_documents bash_completion
//   generate_documents reference SCHEMA PLUGIN...       docs/reference, as one text
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
#include "tools/weir/reference.h"

namespace weir {
namespace {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || !text) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  return text.str();
}

// The components of some plugin files, for as long as this exists.
class Components {
 public:
  absl::Status Open(const std::vector<std::string>& plugins) {
    for (const std::string& plugin : plugins) {
      if (absl::Status status = catalogue_.AddFile(plugin); !status.ok()) return status;
    }
    for (const config::ComponentType* type : catalogue_.schemas().All()) {
      const absl::StatusOr<const config::Schema*> schema = type->schema();
      if (!schema.ok()) return schema.status();
      schemas_.push_back(*schema);
    }
    return absl::OkStatus();
  }
  const std::vector<const config::Schema*>& schemas() const { return schemas_; }

 private:
  plugin::Catalogue catalogue_;
  std::vector<const config::Schema*> schemas_;
};

// What is made of the schema of pipeline files and of plugins: `words` are SCHEMA PLUGIN...
absl::StatusOr<std::string> FromPlugins(const std::string& document,
                                        const std::vector<std::string>& words) {
  const absl::StatusOr<std::string> schema = ReadFile(words[0]);
  if (!schema.ok()) return schema.status();
  Components components;
  if (absl::Status status = components.Open({words.begin() + 1, words.end()}); !status.ok()) {
    return status;
  }
  if (document == "file_manual") {
    return PipelineFileManual(*schema, components.schemas(), plugin::kVersion);
  }
  const absl::StatusOr<std::vector<ReferencePage>> pages =
      ReferencePages(Commands(), *schema, components.schemas());
  if (!pages.ok()) return pages.status();
  return BundlePages(*pages);
}

absl::StatusOr<std::string> Generate(const std::vector<std::string>& words) {
  const std::string document = words.empty() ? "" : words[0];
  if (document == "manual" && words.size() == 1) {
    return ProgramManual(Commands(), plugin::kVersion);
  }
  if (document == "bash_completion" && words.size() == 1) return BashCompletion(Commands());
  if ((document == "file_manual" || document == "reference") && words.size() > 2) {
    return FromPlugins(document, {words.begin() + 1, words.end()});
  }
  return absl::InvalidArgumentError(
      "usage: generate_documents manual | bash_completion | (file_manual | reference) SCHEMA "
      "PLUGIN...");
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
