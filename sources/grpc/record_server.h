// SPDX-License-Identifier: Apache-2.0
// A gRPC server for pbflow.Collector.Send: receives messages, keeps them until Take, and sends the
// answers.
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
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"
#include "sources/grpc/handshake_log.h"

namespace weir::sources {

struct RecordServerSettings {
  std::vector<std::string> listen;
  uint32_t max_message_bytes = 8 << 20;
  uint32_t max_connections = 1000;
  uint32_t max_messages = 16;
  std::shared_ptr<grpc::ServerCredentials> credentials;
  bool uses_tls = false;
};

// At most max_messages messages, of max_message_bytes each, are in memory. The server reads only
// that many; the others wait in gRPC's flow control. A call that is refused, and every call after
// Refuse, is answered with the information that no record was taken, so that the sink `grpc` sends
// the message again.
//
// Threads: Start and Stop on one, Take and Answer on one, Refuse on any. Has one thread of its own,
// and gRPC's threads.
class RecordServer {
 public:
  // A call whose message has arrived.
  class Call;

  RecordServer(RecordServerSettings settings, const sdk::Stage& stage);
  ~RecordServer();
  RecordServer(const RecordServer&) = delete;
  RecordServer& operator=(const RecordServer&) = delete;

  sdk::Status Start();
  // Every call that was taken must have been answered.
  void Stop();
  // The port of the first address, also if it was configured as 0. Valid after Start.
  int port() const { return port_; }

  // Waits for messages and returns all that have arrived. Returns none after Refuse.
  std::vector<Call*> Take();
  static const grpc::ByteBuffer& MessageOf(const Call* call);
  // Call it once for each call from Take. `not_taken`: none of its records were taken.
  void Answer(Call* call, const grpc::Status& status, bool not_taken);
  // Reads no more messages. Take still returns those that have arrived.
  void Refuse();

 private:
  void Run();
  // Frees what Start made. The queue is empty.
  void Close();
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
  std::optional<HandshakeLog> handshake_log_;  // with TLS
  std::thread thread_;
  int port_ = 0;

  std::mutex mutex_;  // guards all members below
  std::condition_variable changed_;
  std::deque<Call*> unread_;            // whose messages are not read yet
  std::set<Call*> reading_;             // whose messages are arriving
  std::vector<Call*> ready_;            // for Take
  size_t calls_ = 0;                    // in any state
  uint32_t messages_ = 0;               // in memory, or being read
  std::map<std::string, int> senders_;  // number of calls by peer
  std::chrono::steady_clock::time_point next_refusal_line_;
  uint64_t refusals_without_line_ = 0;
  bool refusing_ = false;
  bool stopping_ = false;
};

}  // namespace weir::sources

#endif  // WEIR_SOURCES_GRPC_RECORD_SERVER_H_
