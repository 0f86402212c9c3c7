// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/testing/network_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace weir::sdk::testing {
namespace {

std::string Failed(const std::string& what) { return what + ": " + std::strerror(errno); }

// The child's side of RunCommand; does not return.
[[noreturn]] void Execute(const std::vector<std::string>& arguments, int output_fd) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  if (dup2(output_fd, STDOUT_FILENO) < 0 || dup2(output_fd, STDERR_FILENO) < 0) _exit(126);
  // The environment of a test may lack the folders of system programs.
  setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
  execvp(argv[0], argv.data());
  _exit(127);
}

std::string ReadAll(int fd) {
  std::string text;
  std::array<char, 4096> piece;
  for (;;) {
    const ssize_t got = read(fd, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(piece.data(), static_cast<size_t>(got));
  }
}

}  // namespace

ScopedNetworkNamespace::ScopedNetworkNamespace() {
  original_fd_ = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (original_fd_ < 0) {
    why_not_ = Failed("open /proc/thread-self/ns/net");
    return;
  }
  if (unshare(CLONE_NEWNET) != 0) {
    why_not_ = Failed("make a network namespace");
    return;
  }
  if (const std::string error = RunCommand({"ip", "link", "set", "lo", "up"}); !error.empty()) {
    why_not_ = error;
  }
}

ScopedNetworkNamespace::~ScopedNetworkNamespace() {
  if (original_fd_ < 0) return;
  if (setns(original_fd_, CLONE_NEWNET) != 0) {
    std::perror("leave a test's network namespace");
    std::abort();  // later tests would run in the wrong namespace
  }
  close(original_fd_);
}

std::string RunCommand(const std::vector<std::string>& arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Failed("pipe");
  const pid_t child = fork();
  if (child == 0) Execute(arguments, ends[1]);
  close(ends[1]);
  const std::string output = child > 0 ? ReadAll(ends[0]) : "";
  close(ends[0]);
  if (child < 0) return Failed("fork");
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return Failed("waitpid");
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return "";
  std::string command;
  for (const std::string& argument : arguments) command += argument + " ";
  return command + "failed (" + std::to_string(status) + "): " + output;
}

}  // namespace weir::sdk::testing
