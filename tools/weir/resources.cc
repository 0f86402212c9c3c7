// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/resources.h"

#include <sys/resource.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace weir {
namespace {

std::string LimitOf(__rlimit_resource resource) {
  rlimit limit;
  if (getrlimit(resource, &limit) != 0) return "unknown";
  return limit.rlim_cur == RLIM_INFINITY ? "none" : absl::StrCat(limit.rlim_cur);
}

}  // namespace

std::string ResourceHint(const absl::Status& status) {
  if (!absl::IsResourceExhausted(status)) return "";
  const auto says = [&status](int error) {
    return absl::StrContains(status.message(), std::strerror(error));
  };
  // First, because the text of ENFILE begins with the text of EMFILE.
  if (says(ENFILE)) return "out of file descriptors: the machine has no more (fs.file-max)";
  if (says(EMFILE)) {
    return absl::StrCat("out of file descriptors: the limit of this process is ",
                        LimitOf(RLIMIT_NOFILE), " (`ulimit -n`, LimitNOFILE= of a service)");
  }
  if (says(EAGAIN)) {
    return absl::StrCat("out of threads or of memory for one: the limit of this user is ",
                        LimitOf(RLIMIT_NPROC), " threads (`ulimit -u`, TasksMax= of a service), ",
                        "and that of this process ", LimitOf(RLIMIT_AS),
                        " bytes (`ulimit -v`, MemoryMax=)");
  }
  if (says(ENOMEM) || absl::StrContains(status.message(), "no memory") ||
      absl::StrContains(status.message(), "out of memory")) {
    return absl::StrCat("out of memory: the limit of this process is ", LimitOf(RLIMIT_AS),
                        " bytes (`ulimit -v`, MemoryMax= of a service)");
  }
  return "";
}

}  // namespace weir
