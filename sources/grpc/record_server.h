// SPDX-License-Identifier: Apache-2.0
// Takes messages of pbflow.Collector's Send from gRPC, holds them until somebody takes them,
// and answers.
#ifndef WEIR_SOURCES_GRPC_RECORD_SERVER_H_
#define WEIR_SOURCES_GRPC_RECORD_SERVER_H_

#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"

namespace weir::sources {

struct RecordServerSettings {
  std::vector<std::string> listen;
  uint32_t max_message_bytes = 8 << 20;
  uint32_t max_connections = 1000;
  uint32_t max_messages = 16;
  std::shared_ptr<grpc::ServerCredentials> credentials;
  bool uses_tls = false;
};

// At most max_messages messages of max_message_bytes are in memory: only for so many calls
// is a message read, and the others wait in gRPC's flow control. A call that is refused, and
// each that comes once Refuse was called, is told that nothing was taken, so that the sink
// `grpc` sends it again.
//
// Start and Stop on one thread, Take and Answer on one, Refuse on any. Has one thread of its
// own, and gRPC's.
class RecordServer {
 public:
  // One call whose message has come.
  class Call;

  RecordServer(RecordServerSettings settings, const sdk::Stage& stage);
  ~RecordServer();
  RecordServer(const RecordServer&) = delete;
  RecordServer& operator=(const RecordServer&) = delete;

  sdk::Status Start();
  // All that was taken must have been answered.
  void Stop();
  // From Start on: the port of the first address, for one with port 0.
  int port() const { return port_; }

  // Waits for messages and returns all there are; none once refused.
  std::vector<Call*> Take();
  static const grpc::ByteBuffer& MessageOf(const Call* call);
  // Once for each call that was taken. `not_taken`: its records were not.
  void Answer(Call* call, const grpc::Status& status, bool not_taken);
  // Takes no more messages; those that have come already are still to be taken.
  void Refuse();

 private:
  void Run();
  void Accept();
  void Advance(Call* call, bool ok);
  void Begin(Call* call);
  void GiveUpSlowSenders();
  void ReadNext();
  void Received(Call* call, bool ok);
  void Finish(Call* call, const grpc::Status& status, bool not_taken);
  void LogRefusal(const Call& call, const grpc::Status& status);
  void End(Call* call);

  const RecordServerSettings settings_;
  const sdk::Stage stage_;
  sdk::Metric refused_;
  grpc::AsyncGenericService service_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  std::thread thread_;
  int port_ = 0;

  std::mutex mutex_;  // guards all that follows
  std::condition_variable changed_;
  std::deque<Call*> unread_;            // calls whose message is not read yet
  std::set<Call*> reading_;             // whose message is coming
  std::vector<Call*> ready_;            // that can be taken
  size_t calls_ = 0;                    // of all states
  uint32_t messages_ = 0;               // in memory, or about to be
  std::map<std::string, int> senders_;  // calls of each peer
  std::chrono::steady_clock::time_point next_refusal_line_;
  uint64_t refusals_without_line_ = 0;
  bool refusing_ = false;
  bool stopping_ = false;
};

}  // namespace weir::sources

#endif  // WEIR_SOURCES_GRPC_RECORD_SERVER_H_
