// SPDX-License-Identifier: Apache-2.0
// measure_child OUTPUT PROGRAM ARGUMENT...: runs a program with its output going to a file,
// and prints the processor time that it took (us) and the most memory that it had (kB).
//
// A program of its own, and a small one: the kernel counts as a child's memory also what
// its parent had when it was forked.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>

namespace {

int64_t Microseconds(const timeval& time) {
  return int64_t{time.tv_sec} * 1'000'000 + time.tv_usec;
}

// Returns only if it fails.
void Execute(const char* output, char** command) {
  const int null = open("/dev/null", O_RDONLY);
  const int file = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (null < 0 || file < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(file, STDOUT_FILENO) < 0 ||
      dup2(file, STDERR_FILENO) < 0) {
    std::perror(output);
    return;
  }
  execvp(command[0], command);
  std::perror(command[0]);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const pid_t child = fork();
  if (child < 0) {
    std::perror("fork");
    return 1;
  }
  if (child == 0) {
    Execute(argv[1], argv + 2);
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  if (wait4(child, &status, 0, &usage) != child) {
    std::perror("wait4");
    return 1;
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return 1;
  const int64_t cpu_us = Microseconds(usage.ru_utime) + Microseconds(usage.ru_stime);
  std::printf("%" PRId64 " %ld\n", cpu_us, usage.ru_maxrss);
  return 0;
}
