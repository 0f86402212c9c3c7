// SPDX-License-Identifier: Apache-2.0
#include "sources/grpc/record_server.h"

#include <grpc/grpc.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <chrono>
#include <utility>

#include "plugins/sdk/thread.h"
#include "sources/grpc/handshake_log.h"
#include "sources/grpc/listen_address.h"

namespace weir::sources {
namespace {

constexpr char kMethod[] = "/pbflow.Collector/Send";
// Metadata that the sink `grpc` looks for.
constexpr char kNotTaken[] = "weir-not-taken";
// How long unfinished calls may take after Stop.
constexpr std::chrono::seconds kGrace{1};
// How long a message may take to arrive while others wait for its place in memory.
constexpr std::chrono::seconds kPatience{10};
constexpr int kStreamsOfAConnection = 100;
// The shortest time between two log lines about refused messages.
constexpr std::chrono::seconds kBetweenRefusals{10};

}  // namespace

class RecordServer::Call {
 public:
  enum class State { kAccepting, kReading, kTaken, kFinishing };

  grpc::GenericServerContext context;
  grpc::GenericServerAsyncReaderWriter stream{&context};
  grpc::ByteBuffer message;
  State state = State::kAccepting;
  std::chrono::steady_clock::time_point reading_since;
  std::string peer;        // the key in senders_; empty: not counted there
  bool in_memory = false;  // is one of messages_
};

RecordServer::RecordServer(RecordServerSettings settings, const sdk::Stage& stage)
    : settings_(std::move(settings)), stage_(stage) {
  refused_ = stage_.Counter("weir_grpc_refused_messages_total",
                            "Messages that were refused, and none of their records taken.");
}

RecordServer::~RecordServer() { Stop(); }

sdk::Status RecordServer::Start() {
  TakeLibraryLog();
  grpc_init();
  grpc::ServerBuilder builder;
  std::vector<int> ports(settings_.listen.size());
  for (size_t i = 0; i < ports.size(); ++i) {
    builder.AddListeningPort(settings_.listen[i], settings_.credentials, &ports[i]);
  }
  // If two weirs shared a port, each connection would go to one of them at random.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsOfAConnection);
  // Agents may send keepalive pings while they have no message.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 500);
  builder.SetMaxReceiveMessageSize(static_cast<int>(settings_.max_message_bytes));
  // gRPC would decompress a message without a limit.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.RegisterAsyncGenericService(&service_);
  queue_ = builder.AddCompletionQueue();
  server_ = builder.BuildAndStart();
  for (size_t i = 0; i < ports.size(); ++i) {
    if (server_ != nullptr && ports[i] != 0) continue;
    if (server_ != nullptr) server_->Shutdown();
    queue_->Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_->Next(&tag, &ok)) {
    }
    server_.reset();
    queue_.reset();
    grpc_shutdown_blocking();
    if (sdk::Status status = CheckListen(settings_.listen[i]); !status.ok()) return status;
    if (settings_.uses_tls) {
      return {WEIR_INVALID_ARGUMENT,
              "tls: cert_file and key_file do not belong together, or one of them is damaged"};
    }
    return {WEIR_UNAVAILABLE, "listen at " + settings_.listen[i] + ": gRPC gives no reason"};
  }
  port_ = ports[0];
  if (settings_.uses_tls) handshake_log_.emplace(&stage_);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    Accept();
  }
  sdk::Status status = sdk::StartThread(&thread_, "", [this] { Run(); });
  if (status.ok()) return status;
  server_->Shutdown();
  queue_->Shutdown();
  Run();  // returns when the queue is empty
  Close();
  return status;
}

void RecordServer::Stop() {
  if (server_ == nullptr) return;
  Refuse();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    for (Call* const call : std::exchange(ready_, {})) {
      Finish(call, {grpc::StatusCode::UNAVAILABLE, "weir is ending"}, true);
    }
  }
  server_->Shutdown(std::chrono::system_clock::now() + kGrace);
  {
    // After Shutdown, a queue accepts no more operations of calls.
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return calls_ == 0; });
  }
  queue_->Shutdown();
  thread_.join();
  Close();
}

void RecordServer::Close() {
  handshake_log_.reset();
  server_.reset();
  queue_.reset();
  grpc_shutdown_blocking();
}

void RecordServer::Run() {
  while (true) {
    void* tag = nullptr;
    bool ok = false;
    const auto next =
        queue_->AsyncNext(&tag, &ok, std::chrono::system_clock::now() + std::chrono::seconds(1));
    if (next == grpc::CompletionQueue::SHUTDOWN) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (next == grpc::CompletionQueue::GOT_EVENT) Advance(static_cast<Call*>(tag), ok);
    GiveUpSlowSenders();
  }
}

// A sender that begins a call but sends no message must not delay other senders.
void RecordServer::GiveUpSlowSenders() {
  if (unread_.empty()) return;
  const auto now = std::chrono::steady_clock::now();
  for (Call* const call : reading_) {
    if (now - call->reading_since > kPatience) call->context.TryCancel();
  }
}

// Accepts one more call. If none comes, the queue returns it when it ends.
void RecordServer::Accept() {
  auto* const call = new Call();
  ++calls_;
  service_.RequestCall(&call->context, &call->stream, queue_.get(), queue_.get(), call);
}

void RecordServer::Advance(Call* call, bool ok) {
  switch (call->state) {
    case Call::State::kAccepting:
      if (!ok) return End(call);
      if (!stopping_) Accept();
      return Begin(call);
    case Call::State::kReading:
      return Received(call, ok);
    case Call::State::kTaken:
      return;  // no operation is pending in this state
    case Call::State::kFinishing:
      return End(call);
  }
}

void RecordServer::Begin(Call* call) {
  if (call->context.method() != kMethod) {
    return Finish(call,
                  {grpc::StatusCode::UNIMPLEMENTED, "there is " + std::string(kMethod) + " only"},
                  true);
  }
  if (refusing_) return Finish(call, {grpc::StatusCode::UNAVAILABLE, "weir is ending"}, true);
  const std::string peer = call->context.peer();
  if (senders_.count(peer) == 0 && senders_.size() >= settings_.max_connections) {
    return Finish(call, {grpc::StatusCode::RESOURCE_EXHAUSTED, "too many senders"}, true);
  }
  call->peer = peer;
  ++senders_[peer];
  unread_.push_back(call);
  ReadNext();
}

void RecordServer::ReadNext() {
  while (!unread_.empty() && (refusing_ || messages_ < settings_.max_messages)) {
    Call* const call = unread_.front();
    unread_.pop_front();
    if (refusing_) {
      Finish(call, {grpc::StatusCode::UNAVAILABLE, "weir is ending"}, true);
      continue;
    }
    ++messages_;
    call->in_memory = true;
    call->state = Call::State::kReading;
    call->reading_since = std::chrono::steady_clock::now();
    reading_.insert(call);
    call->stream.Read(&call->message, call);
  }
}

void RecordServer::Received(Call* call, bool ok) {
  reading_.erase(call);
  if (!ok) {
    return Finish(call,
                  {grpc::StatusCode::INVALID_ARGUMENT,
                   "no message came: the sender gave up, or it has more than max_message_bytes"},
                  true);
  }
  if (refusing_) return Finish(call, {grpc::StatusCode::UNAVAILABLE, "weir is ending"}, true);
  call->state = Call::State::kTaken;
  ready_.push_back(call);
  changed_.notify_all();
}

void RecordServer::Finish(Call* call, const grpc::Status& status, bool not_taken) {
  call->state = Call::State::kFinishing;
  call->message.Clear();
  if (not_taken) {
    call->context.AddTrailingMetadata(kNotTaken, "1");
    refused_.Add(1);
    if (!refusing_) LogRefusal(*call, status);
  }
  if (!status.ok()) return call->stream.Finish(status, call);
  const grpc::Slice nothing;
  call->stream.WriteAndFinish(grpc::ByteBuffer(&nothing, 1), grpc::WriteOptions(), status, call);
}

void RecordServer::LogRefusal(const Call& call, const grpc::Status& status) {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_refusal_line_) {
    ++refusals_without_line_;
    return;
  }
  next_refusal_line_ = now + kBetweenRefusals;
  std::string line = "refused a message of " + call.context.peer() + ": " + status.error_message();
  if (refusals_without_line_ > 0) {
    line += "; " + std::to_string(refusals_without_line_) + " more since the last line like this";
  }
  refusals_without_line_ = 0;
  stage_.Log(WEIR_LOG_WARNING, line);
}

void RecordServer::End(Call* call) {
  const std::unique_ptr<Call> owner(call);
  --calls_;
  changed_.notify_all();
  if (!call->peer.empty() && --senders_[call->peer] == 0) senders_.erase(call->peer);
  if (!call->in_memory) return;
  --messages_;
  ReadNext();
}

std::vector<RecordServer::Call*> RecordServer::Take() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return !ready_.empty() || refusing_; });
  return std::exchange(ready_, {});
}

const grpc::ByteBuffer& RecordServer::MessageOf(const Call* call) { return call->message; }

void RecordServer::Answer(Call* call, const grpc::Status& status, bool not_taken) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Finish(call, status, not_taken);
}

void RecordServer::Refuse() {
  const std::lock_guard<std::mutex> lock(mutex_);
  refusing_ = true;
  ReadNext();
  changed_.notify_all();
}

}  // namespace weir::sources
