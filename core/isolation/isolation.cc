// SPDX-License-Identifier: Apache-2.0
#include "core/isolation/isolation.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "glog/logging.h"

namespace weir::isolation {
namespace {

// The steps before and after those of the body.
constexpr std::string_view kFirstStep = "start of the process";
constexpr std::string_view kLastStep = "end of the process";

[[noreturn]] void RunChild(int fd, const std::function<void(Steps*)>& body) {
  // Die with the parent.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(nothing, STDOUT_FILENO) < 0) {
    std::_Exit(EXIT_FAILURE);
  }
  close(nothing);
  Steps steps(fd);
  body(&steps);
  // Exit handlers of the body's code run now, and may crash.
  steps.Run(kLastStep, [] {
    std::exit(EXIT_SUCCESS);
    return Verdict::Ok();
  });
  std::_Exit(EXIT_FAILURE);
}

// The parent's view of one child.
class Child {
 public:
  Child(int fd, pid_t pid, Listener* listener) : fd_(fd), pid_(pid), listener_(listener) {}

  void Follow(absl::Duration step_timeout) {
    absl::Time deadline = absl::Now() + step_timeout;
    while (true) {
      const int64_t left_ms = absl::ToInt64Milliseconds(deadline - absl::Now());
      pollfd readable{fd_, POLLIN, 0};
      const int ready = left_ms <= 0 ? 0 : poll(&readable, 1, static_cast<int>(left_ms) + 1);
      if (ready < 0 && errno == EINTR) continue;
      if (ready <= 0) return GiveUp(step_timeout);
      char buffer[4096];
      const ssize_t count = read(fd_, buffer, sizeof(buffer));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return Ended();
      Take({buffer, static_cast<size_t>(count)});
      deadline = absl::Now() + step_timeout;
    }
  }

 private:
  void Take(std::string_view bytes) {
    pending_.append(bytes);
    size_t end;
    while ((end = pending_.find('\n')) != std::string::npos) {
      Line(std::string_view(pending_).substr(0, end));
      pending_.erase(0, end + 1);
    }
  }

  void Line(std::string_view line) {
    if (line.empty()) return;
    const std::string_view text = line.substr(1);
    if (line[0] == 'B') {
      step_ = std::string(text);
    } else if (line[0] == 'V') {
      const size_t space = text.find(' ');
      listener_->OnValue(text.substr(0, space), text.substr(space + 1));
    } else {
      listener_->OnStep(step_, {static_cast<Verdict::Kind>(line[0]), std::string(text)});
    }
  }

  void GiveUp(absl::Duration step_timeout) {
    kill(pid_, SIGKILL);
    Wait();
    listener_->OnStep(step_, Verdict::Failed(absl::StrCat("did not return within ",
                                                          absl::FormatDuration(step_timeout))));
  }

  void Ended() {
    const int status = Wait();
    if (WIFSIGNALED(status)) {
      const char* const name = sigabbrev_np(WTERMSIG(status));
      listener_->OnStep(
          step_, Verdict::Failed(absl::StrCat("crashed: SIG", name == nullptr ? "?" : name, " (",
                                              strsignal(WTERMSIG(status)), ")")));
    } else if (step_ != kLastStep || WEXITSTATUS(status) != EXIT_SUCCESS) {
      listener_->OnStep(step_, Verdict::Failed(absl::StrCat("the process ended, with exit code ",
                                                            WEXITSTATUS(status))));
    }
  }

  int Wait() const {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0) PCHECK(errno == EINTR) << "waitpid";
    return status;
  }

  const int fd_;
  const pid_t pid_;
  Listener* const listener_;
  std::string pending_;
  std::string step_{kFirstStep};
};

}  // namespace

void RunIsolated(absl::Duration step_timeout, const std::function<void(Steps*)>& body,
                 Listener* listener) {
  const auto cannot_be_made = [listener](const char* call) {
    listener->OnStep(kFirstStep, Verdict::Failed(absl::StrCat(call, ": ", std::strerror(errno))));
  };
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return cannot_be_made("pipe2");
  std::fflush(nullptr);  // else the child writes buffered output a second time
  const pid_t pid = fork();
  if (pid < 0) {
    cannot_be_made("fork");
    close(ends[0]);
    close(ends[1]);
    return;
  }
  if (pid == 0) {
    close(ends[0]);
    RunChild(ends[1], body);
  }
  close(ends[1]);
  Child(ends[0], pid, listener).Follow(step_timeout);
  close(ends[0]);
}

}  // namespace weir::isolation
