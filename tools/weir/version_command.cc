// SPDX-License-Identifier: Apache-2.0
// `weir version`.
#include <features.h>

#include <cstdio>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/plugin/catalogue.h"
#include "core/plugin/examination.h"
#include "core/plugin/version.h"
#include "core/record/terminal_text.h"
#include "gflags/gflags.h"
#include "plugins/abi/weir_plugin.h"
#include "tools/weir/build_info.h"
#include "tools/weir/commands.h"
#include "tools/weir/exit_code.h"
#include "tools/weir/program.h"

DEFINE_bool(verbose, false,
            "also print the tools and libraries of the build, and the versions of the plugins");

namespace weir {
namespace {

void PrintVersion(const char* name, std::string_view version) {
  absl::PrintF("  %-27s  %s\n", TerminalLine(name), TerminalLine(version));
}

void PrintBuild() {
  std::printf("\nBuild\n");
  PrintVersion("configuration", kBuildConfiguration);
  PrintVersion("options", kBuildOptions);
  PrintVersion("C++ compiler", kCompiler);
#ifdef __GLIBC__
  PrintVersion("C library", absl::StrCat("glibc ", __GLIBC__, ".", __GLIBC_MINOR__));
#endif
  for (const NamedVersion& tool : BuildTools()) {
    PrintVersion(tool.name, absl::StrCat(tool.version, " (BPF objects)"));
  }
  std::printf("\nPinned sources\n");
  for (const NamedVersion& archive : BuildArchives()) PrintVersion(archive.name, archive.version);
}

// Prints the versions that the plugins tell. How a plugin was built is not known.
void PrintPlugins() {
  std::printf("\nPlugins\n");
  const auto files = ExamineFolders(plugin::DescriptorCheck::kAtOnce);
  if (!files.ok()) {
    absl::PrintF("  none: %s\n", TerminalLine(files.status().message()));
    return;
  }
  for (const plugin::Examined& file : *files) {
    if (!file.status.ok()) {
      absl::PrintF("  %s: %s\n", file.overridden ? "not used" : "refused",
                   TerminalLine(file.status.message()));
      continue;
    }
    PrintVersion(file.name.c_str(),
                 absl::StrFormat("%s (plugin interface %d.%d, flow record %d), %s", file.version,
                                 file.abi_major, file.abi_minor, file.record_version, file.path));
  }
}

}  // namespace

int VersionCommand(const Arguments& /*arguments*/) {
  std::printf("weir %s (plugin interface %d.%d, flow record %d)\n", plugin::kVersion,
              WEIR_ABI_MAJOR, WEIR_ABI_MINOR, WEIR_RECORD_VERSION);
  if (FLAGS_verbose) {
    PrintBuild();
    PrintPlugins();
  }
  return kExitClean;
}

}  // namespace weir
