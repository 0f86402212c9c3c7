// SPDX-License-Identifier: Apache-2.0
#include "tools/benchmarks/collector_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <fstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::benchmarks {

namespace {

// A port of the loopback interface that was free a moment ago.
sdk::Result<uint16_t> FreePort() {
  const sdk::UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (fd.get() < 0 || bind(fd.get(), generic, size) != 0 ||
      getsockname(fd.get(), generic, &size) != 0) {
    return sdk::ErrnoStatus("a TCP socket on the loopback interface", errno);
  }
  return ntohs(address.sin_port);
}

// No record has this port.
std::string PipelineText(const std::string& target) {
  return absl::StrCat(
      "source { name: 'agents' type: 'grpc' config { [weir/weir.sources.Grpc] { listen: '", target,
      "' } } }\n"
      "transform { name: 'none' type: 'filter' input: 'agents' config { "
      "[weir/weir.transforms.Filter] { expression: 'dst_port = 1' } } }\n"
      "sink { name: 'console' type: 'stdout' input: 'none' }\n");
}

sdk::Result<pid_t> Spawn(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_WRONLY, 0);
  }
  pid_t child = 0;
  const int error =
      posix_spawn(&child, arguments[0], &actions, /*attrp=*/nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return sdk::ErrnoStatus(words[0], error);
  return child;
}

}  // namespace

sdk::Result<std::unique_ptr<CollectorProcess>> CollectorProcess::Start(const std::string& weir,
                                                                       const std::string& folder) {
  sdk::Result<uint16_t> port = FreePort();
  if (!port.ok()) return port.status();
  const std::string target = absl::StrCat("127.0.0.1:", *port);
  const std::string path = folder + "/collector.textproto";
  std::ofstream file(path);
  file << PipelineText(target);
  file.close();
  if (!file) return sdk::Status(WEIR_UNKNOWN, "cannot write " + path);
  sdk::Result<pid_t> pid = Spawn({weir, "run", "--config=" + path});
  if (!pid.ok()) return pid.status();
  return std::unique_ptr<CollectorProcess>(new CollectorProcess(target, *pid));
}

CollectorProcess::~CollectorProcess() {
  kill(pid_, SIGTERM);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

int64_t CollectorProcess::CpuNs() const {
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace weir::benchmarks
