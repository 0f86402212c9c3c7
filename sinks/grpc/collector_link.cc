// SPDX-License-Identifier: Apache-2.0
#include "sinks/grpc/collector_link.h"

#include <grpc/grpc.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/slice.h>

#include <algorithm>
#include <string>
#include <utility>

#include "core/record/protobuf_fields.h"
#include "plugins/sdk/read_pem.h"
#include "plugins/sdk/thread.h"
#include "sinks/grpc/connection_hint.h"

namespace weir::sinks {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr char kMethod[] = "/pbflow.Collector/Send";
// In the trailing metadata of an error from the source `grpc`: no record was taken.
constexpr char kNotTaken[] = "weir-not-taken";
constexpr nanoseconds kFirstBackoff = milliseconds(200);
// How often the connection is checked while messages wait: gRPC reports only its state.
constexpr nanoseconds kLookAgain = milliseconds(20);
constexpr nanoseconds kNothingToDo = seconds(1);
// The answer is empty. Not a power of two, because IsTooLarge recognises this number.
constexpr int kMaxAnswerBytes = 65'537;

// Errors that every later message would meet too.
bool IsPermanent(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::UNIMPLEMENTED:
    case grpc::StatusCode::UNAUTHENTICATED:
      return true;
    default:
      return false;
  }
}

std::string ToText(const grpc::Status& status) {
  return status.error_message() + " (gRPC status " + std::to_string(status.error_code()) + ")";
}

// Leaves `text` empty if `path` is empty.
sdk::Status ReadPem(const char* field, const std::string& path, sdk::PemKind kind,
                    std::string* text) {
  if (path.empty()) return sdk::OkStatus();
  sdk::Result<std::string> contents = sdk::ReadPem(field, path, kind);
  if (!contents.ok()) return contents.status();
  *text = *std::move(contents);
  return sdk::OkStatus();
}

// Returns true if the collector refused a message for its size, before it looked at a record. The
// texts are those of gRPC for C++, Python, Go, Java, .NET and Rust, and of the source `grpc`. The
// code alone is not enough: a collector that took the records can exceed a quota, or send too large
// an answer.
bool IsTooLarge(const grpc::Status& status) {
  if (status.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED &&
      status.error_code() != grpc::StatusCode::OUT_OF_RANGE) {
    return false;
  }
  const std::string text = status.error_message();
  // gRPC's text about an answer, so the message was taken.
  if (text.find("vs. " + std::to_string(kMaxAnswerBytes) + ")") != std::string::npos) return false;
  for (const char* const part :
       {"larger than max", "exceeds maximum size", "exceeds the maximum configured message size",
        "message length too large", "a message has more than"}) {
    if (text.find(part) != std::string::npos) return true;
  }
  return false;
}

int Milliseconds(nanoseconds duration) {
  return static_cast<int>(std::max<int64_t>(1, duration.count() / 1'000'000));
}

}  // namespace

struct CollectorLink::Call {
  std::shared_ptr<grpc::Channel> channel;  // may have been replaced meanwhile
  std::unique_ptr<grpc::GenericStub> stub;
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader;
  grpc::ByteBuffer response;
  grpc::Status status;
  Message message;
  bool probe = false;

  // Returns true if gRPC gave up before it had a connection, which only its text says. With any
  // other text the message may have been sent.
  bool WasNeverSent() const {
    if (status.error_code() != grpc::StatusCode::UNAVAILABLE) return false;
    const std::string text = status.error_message();
    return text.rfind("failed to connect to all addresses", 0) == 0 ||
           text.rfind("DNS resolution failed", 0) == 0;
  }
  bool SaysNothingWasTaken() const {
    const auto& trailer = context.GetServerTrailingMetadata();
    return trailer.find(kNotTaken) != trailer.end();
  }
};

CollectorLink::CollectorLink(GrpcSettings settings, sdk::Stage stage)
    : settings_(std::move(settings)),
      stage_(std::move(stage)),
      max_records_(settings_.message_max_flows) {
  messages_ = stage_.Counter("weir_grpc_messages_total", "Messages that a collector answered.");
  bytes_ = stage_.Counter("weir_grpc_message_bytes_total",
                          "Bytes of these messages, before compression.");
  split_ = stage_.Counter("weir_grpc_split_messages_total",
                          "Messages that were too large for a collector and sent in halves.");
  resent_ = stage_.Counter("weir_grpc_resent_messages_total",
                           "Attempts to send a message again, of which nothing had been taken.");
}

CollectorLink::~CollectorLink() { Stop(); }

sdk::Status CollectorLink::Start() {
  if (sdk::Status status = ReadCredentials(); !status.ok()) return status;
  grpc_init();
  queue_ = std::make_unique<grpc::CompletionQueue>();
  Connect();
  sdk::Status status = sdk::StartThread(&thread_, "", [this] { Run(); });
  if (status.ok()) return status;
  queue_->Shutdown();
  Run();  // returns when the queue is empty
  Close();
  return status;
}

sdk::Status CollectorLink::ReadCredentials() {
  if (!settings_.tls.has_value()) {
    credentials_ = grpc::InsecureChannelCredentials();
    return sdk::OkStatus();
  }
  grpc::SslCredentialsOptions options;
  const GrpcTlsFiles& tls = *settings_.tls;
  sdk::Status status =
      ReadPem("tls.ca_file", tls.ca_file, sdk::PemKind::kCertificates, &options.pem_root_certs);
  if (status.ok()) {
    status = ReadPem("tls.cert_file", tls.cert_file, sdk::PemKind::kCertificates,
                     &options.pem_cert_chain);
  }
  if (status.ok()) {
    status =
        ReadPem("tls.key_file", tls.key_file, sdk::PemKind::kPrivateKey, &options.pem_private_key);
  }
  if (status.ok()) credentials_ = grpc::SslCredentials(options);
  return status;
}

void CollectorLink::Connect() {
  grpc::ChannelArguments arguments;
  // Each channel has connections of its own. Otherwise a new channel would reuse the old
  // connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, Milliseconds(kFirstBackoff));
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);  // for one attempt
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, Milliseconds(settings_.max_backoff));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(settings_.keepalive));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                   Milliseconds(std::min<nanoseconds>(settings_.keepalive, seconds(20))));
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // gRPC does not resend a larger message by itself when a collector closes the connection.
  arguments.SetInt(GRPC_ARG_PER_RPC_RETRY_BUFFER_SIZE, 64 << 20);
  arguments.SetMaxReceiveMessageSize(kMaxAnswerBytes);
  if (settings_.tls.has_value() && !settings_.tls->server_name.empty()) {
    arguments.SetSslTargetNameOverride(settings_.tls->server_name);
  }
  channels_.clear();
  for (const std::string& target : settings_.targets) {
    channels_.push_back(grpc::CreateCustomChannel("dns:///" + target, credentials_, arguments));
  }
  channels_[current_]->GetState(true);
  if (settings_.reconnect_interval.count() > 0) {
    reconnect_at_ = Clock::now() + WithChance(settings_.reconnect_interval);
  }
}

void CollectorLink::Stop() {
  if (!thread_.joinable()) return;
  Interrupt();
  {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return calls_.empty(); });
  }
  queue_->Shutdown();
  thread_.join();
  Close();
}

void CollectorLink::Close() {
  channels_.clear();
  queue_.reset();
  // Ends gRPC's threads, unless another stage uses it.
  grpc_shutdown_blocking();
}

void CollectorLink::Interrupt() {
  const std::lock_guard<std::mutex> lock(mutex_);
  interrupted_ = true;
  for (Call* const call : calls_) call->context.TryCancel();
  changed_.notify_all();
}

void CollectorLink::Hold(uint64_t records) {
  const std::lock_guard<std::mutex> lock(mutex_);
  held_ += records;
  stage_.SetHeld(held_);
}

// Waits for `condition`, or until `deadline` if there is one.
template <typename Condition>
sdk::Status CollectorLink::WaitFor(std::unique_lock<std::mutex>* lock,
                                   const std::optional<Clock::time_point>& deadline,
                                   Condition condition) {
  const auto over = [&] { return interrupted_ || !failed_.ok() || condition(); };
  if (deadline.has_value()) {
    changed_.wait_until(*lock, *deadline, over);
  } else {
    changed_.wait(*lock, over);
  }
  if (!interrupted_ && failed_.ok()) return sdk::OkStatus();
  for (Call* const call : calls_) call->context.TryCancel();
  changed_.wait(*lock, [this] { return calls_.empty(); });
  if (!failed_.ok()) return failed_;
  return {WEIR_CANCELLED, "records were waiting for a collector"};
}

sdk::Status CollectorLink::Send(std::string_view message, uint32_t records) {
  std::unique_lock<std::mutex> lock(mutex_);
  std::optional<Clock::time_point> deadline;
  if (!HasRoomLocked() && settings_.max_wait.has_value()) {
    if (!full_since_.has_value()) full_since_ = Clock::now();
    deadline = *full_since_ + *settings_.max_wait;
  }
  sdk::Status status = WaitFor(&lock, deadline, [this] { return HasRoomLocked(); });
  if (!status.ok()) return status;
  if (!HasRoomLocked()) {
    DropForLackOfRoom(records);
    return sdk::OkStatus();
  }
  full_since_.reset();
  const grpc::Slice slice(message.data(), message.size());
  waiting_.push_back({grpc::ByteBuffer(&slice, 1), records});
  StartWaiting();
  if (!waiting_.empty() && !waking_) {
    // The other thread may sleep for long; it must look at the connection.
    waking_ = true;
    wake_.Set(queue_.get(), std::chrono::system_clock::now(), nullptr);
  }
  return sdk::OkStatus();
}

bool CollectorLink::HasRoom() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return interrupted_ || !failed_.ok() || HasRoomLocked();
}

sdk::Status CollectorLink::Drain() {
  std::unique_lock<std::mutex> lock(mutex_);
  return WaitFor(&lock, std::nullopt, [this] { return in_flight_ == 0 && waiting_.empty(); });
}

// The link's thread: handles gRPC's events, and sends the messages that wait.
void CollectorLink::Run() {
  bool messages_wait = false;
  while (true) {
    void* tag = nullptr;
    bool ok = false;
    const auto until =
        std::chrono::system_clock::now() + (messages_wait ? kLookAgain : kNothingToDo);
    const auto next = queue_->AsyncNext(&tag, &ok, until);
    if (next == grpc::CompletionQueue::SHUTDOWN) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (next == grpc::CompletionQueue::GOT_EVENT) {
      if (tag == nullptr) {
        waking_ = false;
      } else {
        Finish(static_cast<Call*>(tag));
      }
    }
    LookAtConnection();
    StartWaiting();
    messages_wait = !waiting_.empty();
    changed_.notify_all();
  }
}

// Returns the channel to send to, or null while it is not connected. Skips channels that cannot
// connect.
std::shared_ptr<grpc::Channel> CollectorLink::UsableChannel() {
  for (size_t i = 0; i < channels_.size(); ++i) {
    const size_t index = (current_ + i) % channels_.size();
    const grpc_connectivity_state state = channels_[index]->GetState(true);
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE) continue;
    if (state != GRPC_CHANNEL_READY) return nullptr;
    current_ = index;
    return channels_[index];
  }
  return nullptr;
}

// If messages wait for a connection that fails, sends a probe to find out why.
void CollectorLink::LookAtConnection() {
  if (away_ || interrupted_ || waiting_.empty() || !calls_.empty()) return;
  if (channels_[current_]->GetState(false) != GRPC_CHANNEL_TRANSIENT_FAILURE) return;
  StartCall(channels_[current_], {}, true);
}

void CollectorLink::StartWaiting() {
  const Clock::time_point now = Clock::now();
  if (waiting_.empty() || interrupted_ || !failed_.ok() || now < paused_until_) return;
  if (settings_.reconnect_interval.count() > 0 && now >= reconnect_at_) {
    current_ = (current_ + 1) % settings_.targets.size();
    Connect();  // messages in flight keep their channel
  }
  while (!waiting_.empty()) {
    const std::shared_ptr<grpc::Channel> channel = UsableChannel();
    if (channel == nullptr) return;
    Message message = std::move(waiting_.front());
    waiting_.pop_front();
    StartCall(channel, std::move(message), false);
  }
}

void CollectorLink::StartCall(const std::shared_ptr<grpc::Channel>& channel, Message message,
                              bool probe) {
  auto call = std::make_unique<Call>();
  call->channel = channel;
  call->stub = std::make_unique<grpc::GenericStub>(channel);
  call->message = std::move(message);
  call->probe = probe;
  call->context.set_deadline(std::chrono::system_clock::now() + settings_.timeout);
  if (settings_.gzip) call->context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  call->reader =
      call->stub->PrepareUnaryCall(&call->context, kMethod, call->message.bytes, queue_.get());
  call->reader->StartCall();
  call->reader->Finish(&call->response, &call->status, call.get());
  if (!probe) ++in_flight_;
  calls_.insert(call.release());
}

void CollectorLink::Finish(Call* call) {
  const std::unique_ptr<Call> owner(call);
  calls_.erase(call);
  if (call->probe) return FinishProbe(call->status);
  --in_flight_;
  if (call->status.ok()) return Answered(call->message);
  Failed(call);
}

void CollectorLink::FinishProbe(const grpc::Status& status) {
  if (!status.ok() && !interrupted_) SetAway(status, "");
}

void CollectorLink::Answered(const Message& message) {
  pause_ = {};
  messages_.Add(1);
  bytes_.Add(static_cast<int64_t>(message.bytes.Length()));
  stage_.CountDelivered(message.records);
  held_ -= message.records;
  stage_.SetHeld(held_);
  if (!away_) return;
  away_ = false;
  const auto lasted = std::chrono::duration_cast<milliseconds>(Clock::now() - away_since_);
  stage_.Log(WEIR_LOG_WARNING, "collector " + settings_.targets[current_] +
                                   " takes records again, after " + std::to_string(lasted.count()) +
                                   " ms in which " + std::to_string(dropped_while_away_) +
                                   " records were dropped");
}

void CollectorLink::Failed(Call* call) {
  const grpc::Status& status = call->status;
  // At the front: the oldest messages go first, although their order is not guaranteed.
  if (call->WasNeverSent()) {
    if (!interrupted_) SetAway(status, "");
    return waiting_.push_front(std::move(call->message));
  }
  if (IsTooLarge(status)) return Split(call->message, status);
  if (call->SaysNothingWasTaken()) {
    if (!interrupted_) SetAway(status, "");
    resent_.Add(1);
    Pause();
    return waiting_.push_front(std::move(call->message));
  }
  if (IsPermanent(status.error_code())) {
    if (failed_.ok()) {
      // Not the code of the answer: the fault is not a missing privilege or feature of this
      // machine.
      failed_ =
          sdk::Status(WEIR_FAILED_PRECONDITION, "collector " + settings_.targets[current_] +
                                                    " does not take records: " + ToText(status));
    }
    return Drop("refused", call->message.records);
  }
  if (!interrupted_) {
    SetAway(status, ", except those of messages in flight, which are dropped as unanswered");
  }
  Drop("unanswered", call->message.records);
  Pause();
}

// Sends a message that is too large for the collector in two halves, and limits later messages to
// the size of a half.
void CollectorLink::Split(const Message& message, const grpc::Status& status) {
  grpc::Slice all;
  if (message.records < 2 || !message.bytes.DumpToSingleSlice(&all).ok()) {
    if (!std::exchange(said_that_a_record_is_too_large_, true)) {
      stage_.Log(WEIR_LOG_WARNING, "collector " + settings_.targets[current_] +
                                       " takes not even a message of one record, which is dropped "
                                       "as too_large: " +
                                       ToText(status));
    }
    return Drop("too_large", message.records);
  }
  const uint32_t first_records = (message.records + 1) / 2;
  const char* const begin = reinterpret_cast<const char*>(all.begin());
  ProtobufFields entries({begin, all.size()});
  ProtobufField entry;
  for (uint32_t i = 0; i < first_records; ++i) entries.Next(&entry);
  const auto first_bytes = static_cast<size_t>(entry.bytes.data() + entry.bytes.size() - begin);
  split_.Add(1);
  if (first_records < max_records_) {
    max_records_ = first_records;
    stage_.Log(WEIR_LOG_WARNING, "collector " + settings_.targets[current_] +
                                     " takes no message of " + std::to_string(message.records) +
                                     " records (" + std::to_string(all.size()) +
                                     " bytes), which is sent again in halves: from now on " +
                                     "messages have at most " + std::to_string(first_records) +
                                     " records: " + ToText(status));
  }
  const grpc::Slice halves[] = {all.sub(0, first_bytes), all.sub(first_bytes, all.size())};
  waiting_.push_front({grpc::ByteBuffer(&halves[1], 1), message.records - first_records});
  waiting_.push_front({grpc::ByteBuffer(&halves[0], 1), first_records});
}

// Logged once: the balance has the number, and a slow collector would cause a line per message.
void CollectorLink::DropForLackOfRoom(uint32_t records) {
  Drop("no_room", records);
  if (std::exchange(said_that_it_is_full_, true)) return;
  stage_.Log(WEIR_LOG_WARNING, "collector " + settings_.targets[current_] +
                                   " does not take records as fast as they come: those that find "
                                   "no room within max_wait are dropped");
}

void CollectorLink::Drop(const char* reason, uint32_t records) {
  stage_.CountDropped(reason, records);
  if (away_) dropped_while_away_ += records;
  held_ -= records;
  stage_.SetHeld(held_);
}

void CollectorLink::SetAway(const grpc::Status& status, const char* exception) {
  if (away_) return;
  away_ = true;
  away_since_ = Clock::now();
  dropped_while_away_ = 0;
  const std::string hint = ConnectionHint(status.error_message(), settings_.tls);
  stage_.Log(WEIR_LOG_WARNING, "collector " + settings_.targets[current_] +
                                   " takes no records; they wait" + exception + ": " +
                                   ToText(status) + (hint.empty() ? "" : "; " + hint));
}

// Pauses until the next attempt; longer each time, until a message is answered.
void CollectorLink::Pause() {
  const Clock::time_point now = Clock::now();
  if (now < paused_until_) return;  // several messages failed at once
  pause_ = pause_.count() == 0 ? kFirstBackoff : std::min(pause_ * 2, settings_.max_backoff);
  paused_until_ = now + std::chrono::duration_cast<Clock::duration>(WithChance(pause_));
}

// Varies an interval by up to 20%.
nanoseconds CollectorLink::WithChance(nanoseconds interval) {
  return nanoseconds(
      static_cast<int64_t>(static_cast<double>(interval.count()) *
                           std::uniform_real_distribution<double>(0.8, 1.2)(random_)));
}

}  // namespace weir::sinks
