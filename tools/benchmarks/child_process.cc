// SPDX-License-Identifier: Apache-2.0
#include "tools/benchmarks/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::benchmarks {

namespace {

sdk::Result<pid_t> Spawn(const std::vector<std::string>& words, int output) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  pid_t child = 0;
  const int error =
      posix_spawn(&child, arguments[0], &actions, /*attrp=*/nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return sdk::ErrnoStatus(words[0], error);
  return child;
}

// Until its end.
std::string ReadAll(int fd) {
  std::string text;
  char buffer[256];
  while (true) {
    const ssize_t size = read(fd, buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return text;
    text.append(buffer, static_cast<size_t>(size));
  }
}

bool EndsWell(pid_t child) {
  int status = 0;
  pid_t ended = 0;
  do {
    ended = waitpid(child, &status, 0);
  } while (ended < 0 && errno == EINTR);
  return ended == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

sdk::Result<ChildCosts> RunChild(const std::string& measure_child,
                                 const std::vector<std::string>& command,
                                 const std::string& output) {
  std::vector<std::string> words = {measure_child, output};
  words.insert(words.end(), command.begin(), command.end());
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return sdk::ErrnoStatus("pipe", errno);
  const sdk::UniqueFd reader(ends[0]);
  sdk::UniqueFd writer(ends[1]);
  sdk::Result<pid_t> child = Spawn(words, writer.get());
  if (!child.ok()) return child.status();
  writer = sdk::UniqueFd();  // so that the end of the output is seen
  const std::vector<std::string> numbers = absl::StrSplit(ReadAll(reader.get()), ' ');
  int64_t microseconds = 0;
  int64_t kilobytes = 0;
  if (!EndsWell(*child) || numbers.size() != 2 || !absl::SimpleAtoi(numbers[0], &microseconds) ||
      !absl::SimpleAtoi(numbers[1], &kilobytes)) {
    return sdk::Status(WEIR_INTERNAL, absl::StrCat("'", absl::StrJoin(command, " "), "' failed"));
  }
  return ChildCosts{static_cast<double>(microseconds) * 1'000,
                    static_cast<uint64_t>(kilobytes) * 1'024};
}

}  // namespace weir::benchmarks
