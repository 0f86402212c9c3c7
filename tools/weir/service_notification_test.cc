// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/service_notification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "plugins/sdk/unique_fd.h"

namespace weir {
namespace {

using ::testing::HasSubstr;

// The socket of the manager, with that name ("@" begins an abstract name).
class Manager {
 public:
  explicit Manager(const std::string& name) : fd_(socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    bound_ = bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0;
  }

  bool bound() const { return bound_; }

  // The datagrams that have arrived. Sending returns only after its datagram has arrived.
  std::string Receive() const {
    char buffer[512];
    const ssize_t size = recv(fd_.get(), buffer, sizeof(buffer), MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(buffer, static_cast<size_t>(size));
  }

 private:
  sdk::UniqueFd fd_;
  bool bound_ = false;
};

void TellsTheManagerAt(const std::string& name) {
  const Manager manager(name);
  ASSERT_TRUE(manager.bound()) << name;
  const auto notification = ServiceNotification::ForSocket(name);
  ASSERT_TRUE(notification.ok()) << notification.status();
  EXPECT_TRUE(notification->SendReady("running").ok());
  EXPECT_EQ(manager.Receive(), "READY=1\nSTATUS=running");
  EXPECT_TRUE(notification->SendStopping("two\nlines").ok());
  EXPECT_EQ(manager.Receive(), "STOPPING=1\nSTATUS=two lines");
}

// Short enough for an address, unlike Bazel's folder for a test.
class Folder {
 public:
  Folder() { made_ = mkdtemp(path_) != nullptr; }
  ~Folder() {
    unlink(absl::StrCat(path_, "/socket").c_str());
    rmdir(path_);
  }
  bool made() const { return made_; }
  std::string Socket() const { return absl::StrCat(path_, "/socket"); }

 private:
  char path_[24] = "/tmp/weir-XXXXXX";
  bool made_ = false;
};

TEST(ServiceNotificationTest, TellsASocketWithAPath) {
  const Folder folder;
  ASSERT_TRUE(folder.made());
  TellsTheManagerAt(folder.Socket());
}

TEST(ServiceNotificationTest, TellsAnAbstractSocket) {
  TellsTheManagerAt(absl::StrCat("@weir-service-notification-test-", getpid()));
}

TEST(ServiceNotificationTest, TellsAnAbstractSocketOfTheLongestName) {
  std::string name = absl::StrCat("@", getpid(), "-");
  name.resize(sizeof(sockaddr_un{}.sun_path), 'x');
  TellsTheManagerAt(name);
}

TEST(ServiceNotificationTest, RefusesWhatIsNoAddress) {
  for (const char* const address : {"socket", "vsock:2:1234", "@", "/"}) {
    const auto notification = ServiceNotification::ForSocket(address);
    EXPECT_TRUE(absl::IsInvalidArgument(notification.status())) << address;
    EXPECT_THAT(notification.status().message(), HasSubstr(address));
  }
  EXPECT_TRUE(absl::IsInvalidArgument(
      ServiceNotification::ForSocket("@" + std::string(sizeof(sockaddr_un{}.sun_path), 'x'))
          .status()));
}

TEST(ServiceNotificationTest, SaysThatNobodyListens) {
  const auto notification = ServiceNotification::ForSocket("/nowhere/socket");
  ASSERT_TRUE(notification.ok());
  EXPECT_THAT(notification->SendReady("running").message(),
              HasSubstr("notify the service manager of READY=1"));
}

TEST(ServiceNotificationTest, GoesByTheEnvironment) {
  const std::string name = absl::StrCat("@weir-service-notification-environment-", getpid());
  const Manager manager(name);
  ASSERT_TRUE(manager.bound());
  ASSERT_EQ(setenv("NOTIFY_SOCKET", name.c_str(), 1), 0);
  const auto notification = ServiceNotification::FromEnvironment();
  ASSERT_TRUE(notification.ok());
  EXPECT_TRUE(notification->SendReady("running").ok());
  EXPECT_EQ(manager.Receive(), "READY=1\nSTATUS=running");
}

TEST(ServiceNotificationTest, WithoutAManagerThereIsNothingToDo) {
  for (const bool empty : {false, true}) {
    ASSERT_EQ(empty ? setenv("NOTIFY_SOCKET", "", 1) : unsetenv("NOTIFY_SOCKET"), 0);
    const auto notification = ServiceNotification::FromEnvironment();
    ASSERT_TRUE(notification.ok());
    EXPECT_TRUE(notification->SendReady("running").ok());
  }
}

}  // namespace
}  // namespace weir
