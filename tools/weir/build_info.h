// SPDX-License-Identifier: Apache-2.0
// The tools and libraries of the build: versions, without dates and paths. build_info.bzl writes
// the values during the build. Constants: any thread.
#ifndef WEIR_TOOLS_WEIR_BUILD_INFO_H_
#define WEIR_TOOLS_WEIR_BUILD_INFO_H_

#include "absl/types/span.h"

namespace weir {

struct NamedVersion {
  const char* name;
  const char* version;
};

// The compilation mode, and the names of Bazel's --config: "opt", "opt, asan".
extern const char kBuildConfiguration[];
// The options of the compiler that are the same for all files.
extern const char kBuildOptions[];

// The programs of the build machine that compiled the BPF objects.
absl::Span<const NamedVersion> BuildTools();
// The pinned source archives of all libraries in the program and the plugins.
absl::Span<const NamedVersion> BuildArchives();

// The compiler, as it names itself.
#ifdef __clang__
inline constexpr char kCompiler[] = __VERSION__;
#else
inline constexpr char kCompiler[] = "GCC " __VERSION__;
#endif

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_BUILD_INFO_H_
