// SPDX-License-Identifier: Apache-2.0
// Sends messages to a collector: connections, attempts, and the outcome of each message.
#ifndef WEIR_SINKS_GRPC_COLLECTOR_LINK_H_
#define WEIR_SINKS_GRPC_COLLECTOR_LINK_H_

#include <grpcpp/alarm.h>
#include <grpcpp/channel.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <vector>

#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"
#include "sinks/grpc/grpc_settings.h"

namespace weir::sinks {

// Holds at most max_in_flight messages, plus the halves of messages that were too large. It keeps a
// message while it waits for a connection or an answer. Outcomes of a message:
//
// - The collector answers it: its records are delivered.
// - It was certainly not sent, or a weir refused it and took nothing: it is sent again, without a
//   limit.
// - The collector refuses it because of its size: it is sent again in two halves. A single record
//   is dropped as `too_large`.
// - The collector answers with an error that every message would meet: its records are dropped as
//   `refused`, and the link fails for good.
// - It was not sent within max_wait: its records are dropped as `no_room`.
// - Any other outcome, such as no answer in time, a broken connection or another error: its records
//   are dropped as `unanswered`, because they may have arrived.
//
// Messages are sent only over established connections, so that the outcome of few is unknown.
//
// Threads: Start and Stop on one; Hold, Send, HasRoom and Drain on one; Interrupt on any. Has one
// thread of its own, and gRPC's threads.
class CollectorLink {
 public:
  CollectorLink(GrpcSettings settings, sdk::Stage stage);
  ~CollectorLink();
  CollectorLink(const CollectorLink&) = delete;
  CollectorLink& operator=(const CollectorLink&) = delete;

  // Reads the files of certificates and keys. Start fails if this fails. Errors name the field.
  sdk::Status ReadCredentials();
  // Reads certificates, and connects in the background.
  sdk::Status Start();
  void Stop();

  // Counts records as held until their outcome is known.
  void Hold(uint64_t records);
  // Copies a message of `records` held records. Waits while there is no room, and drops the message
  // if there is none for max_wait. CANCELLED: interrupted. Any other error: the collector takes no
  // records at all. After an error no message is in flight.
  sdk::Status Send(std::string_view message, uint32_t records);
  // The most records that a message may have; lower after the collector refused one because of its
  // size. Any thread.
  uint32_t max_records() const { return max_records_.load(std::memory_order_relaxed); }
  // Returns true if Send would not wait.
  bool HasRoom();
  // Waits until all messages were answered. Errors: see Send.
  sdk::Status Drain();
  void Interrupt();

 private:
  using Clock = std::chrono::steady_clock;
  struct Message {
    grpc::ByteBuffer bytes;
    uint32_t records = 0;
  };
  struct Call;

  void Connect();
  // Frees what Start made. The queue is empty.
  void Close();
  void Run();
  std::shared_ptr<grpc::Channel> UsableChannel();
  void LookAtConnection();
  void StartWaiting();
  void StartCall(const std::shared_ptr<grpc::Channel>& channel, Message message, bool probe);
  void Finish(Call* call);
  void FinishProbe(const grpc::Status& status);
  void Answered(const Message& message);
  void Failed(Call* call);
  void Split(const Message& message, const grpc::Status& status);
  void DropForLackOfRoom(uint32_t records);
  void Drop(const char* reason, uint32_t records);
  // `exception`: the records that do not wait.
  void SetAway(const grpc::Status& status, const char* exception);
  void Pause();
  std::chrono::nanoseconds WithChance(std::chrono::nanoseconds interval);
  bool HasRoomLocked() const { return in_flight_ + waiting_.size() < settings_.max_in_flight; }
  template <typename Condition>
  sdk::Status WaitFor(std::unique_lock<std::mutex>* lock,
                      const std::optional<Clock::time_point>& deadline, Condition condition);

  const GrpcSettings settings_;
  const sdk::Stage stage_;
  sdk::Metric messages_;
  sdk::Metric bytes_;
  sdk::Metric resent_;
  sdk::Metric split_;
  std::atomic<uint32_t> max_records_;
  std::shared_ptr<grpc::ChannelCredentials> credentials_;
  std::unique_ptr<grpc::CompletionQueue> queue_;
  std::thread thread_;

  std::mutex mutex_;  // guards all members below
  std::condition_variable changed_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;  // one for each target
  size_t current_ = 0;
  Clock::time_point reconnect_at_;
  std::deque<Message> waiting_;
  std::unordered_set<Call*> calls_;
  uint32_t in_flight_ = 0;                       // calls, without probes
  uint64_t held_ = 0;                            // in records
  std::optional<Clock::time_point> full_since_;  // since when no Send has found room
  bool said_that_it_is_full_ = false;
  bool said_that_a_record_is_too_large_ = false;
  Clock::time_point paused_until_;
  std::chrono::nanoseconds pause_{};
  bool away_ = false;
  Clock::time_point away_since_;
  uint64_t dropped_while_away_ = 0;
  sdk::Status failed_;
  bool interrupted_ = false;
  grpc::Alarm wake_;
  bool waking_ = false;
  std::minstd_rand random_{std::random_device()()};
};

}  // namespace weir::sinks

#endif  // WEIR_SINKS_GRPC_COLLECTOR_LINK_H_
