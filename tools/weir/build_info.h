// SPDX-License-Identifier: Apache-2.0
// What this program was built with and from: versions, no dates and no places. The
// values are written by build_info.bzl while it is built.
#ifndef WEIR_TOOLS_WEIR_BUILD_INFO_H_
#define WEIR_TOOLS_WEIR_BUILD_INFO_H_

#include "absl/types/span.h"

namespace weir {

struct NamedVersion {
  const char* name;
  const char* version;
};

// The compilation mode, and what Bazel's --config has added: "opt", "opt, asan".
extern const char kBuildConfiguration[];
// The compiler's options, those that are the same for all files.
extern const char kBuildOptions[];

// The programs of the build machine that made the BPF objects.
absl::Span<const NamedVersion> BuildTools();
// The pinned source archives of everything that program and plugins link.
absl::Span<const NamedVersion> BuildArchives();

// The compiler and the C library, as the compiler itself calls them.
#ifdef __clang__
inline constexpr char kCompiler[] = __VERSION__;
#else
inline constexpr char kCompiler[] = "GCC " __VERSION__;
#endif

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_BUILD_INFO_H_
