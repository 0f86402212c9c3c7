// SPDX-License-Identifier: Apache-2.0
// A collector for tests. Takes messages, and answers them as the test says, or not at all.
#ifndef WEIR_SINKS_GRPC_FAKE_COLLECTOR_H_
#define WEIR_SINKS_GRPC_FAKE_COLLECTOR_H_

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/support/status.h>

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/record/record.h"

namespace weir::testing {

// Thread-safe, except for Start and Stop.
class FakeCollector {
 public:
  FakeCollector();
  ~FakeCollector();

  // Listens at 127.0.0.1, on a free port if `port` is 0.
  void Start(int port = 0, std::shared_ptr<grpc::ServerCredentials> credentials =
                               grpc::InsecureServerCredentials());
  // Ends the server. Waiting calls are not answered.
  void Stop();
  int port() const { return port_; }
  std::string target() const { return "127.0.0.1:" + std::to_string(port_); }

  // Sets the answer to later messages. `not_taken`: with the information that no record was taken.
  void AnswerWith(grpc::Status status, bool not_taken = false);
  // Takes later messages, but answers them only in Release.
  void HoldBack();
  void Release();

  // The number of records in each message that was taken: answered with OK, or held back.
  std::vector<size_t> messages() const;
  std::vector<Record> records() const;
  // The number of messages that came, taken or not.
  size_t calls() const;
  std::vector<std::string> peers() const;
  void WaitForCalls(size_t calls);

 private:
  class Service;
  class Call;

  // A service can belong to one server only.
  std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  mutable std::mutex mutex_;  // guards all members below
  mutable std::condition_variable changed_;
  std::vector<size_t> messages_;
  std::vector<Record> records_;
  std::vector<std::string> peers_;
  size_t calls_ = 0;
  grpc::Status status_;
  bool not_taken_ = false;
  bool held_back_ = false;
  std::vector<Call*> waiting_;
};

}  // namespace weir::testing

#endif  // WEIR_SINKS_GRPC_FAKE_COLLECTOR_H_
