// SPDX-License-Identifier: Apache-2.0
// Messages on their way to a collector: connections, attempts, and what became of each.
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

// Holds max_in_flight messages at most. Halves of a message come in addition. It keeps a message
// that waits for its answer or for a connection. What becomes of a message:
//
// - It is answered: its records are delivered.
// - It is known not to have been sent, or a weir refused it and says that it took nothing: it is
//   sent again, on and on.
// - It is refused because it is too large: it is sent again in halves. A single record is dropped
//   as `too_large`.
// - It is answered with an error that any other message would meet too: its records are dropped as
//   `refused`, and the link has failed for good.
// - It was not sent within max_wait: its records are dropped as `no_room`.
// - Anything else happens, such as no answer in time, a connection that broke or another error: its
//   records are dropped as `unanswered`, because they may have arrived.
//
// Messages are given to connections that stand only, so that few have an unknown fate.
//
// Start and Stop on one thread, Send and its like on one, Interrupt on any. Has one thread of
// its own, and gRPC's.
class CollectorLink {
 public:
  CollectorLink(GrpcSettings settings, sdk::Stage stage);
  ~CollectorLink();
  CollectorLink(const CollectorLink&) = delete;
  CollectorLink& operator=(const CollectorLink&) = delete;

  // Reads certificates, and connects in the background.
  sdk::Status Start();
  void Stop();

  // From now on counted as held, until it is known what became of them.
  void Hold(uint64_t records);
  // Copies a message of `records` records that are held. Waits while there is no room for
  // it, and drops it once there has been none for max_wait. CANCELLED: interrupted; another error:
  // the collector does not take records at all. Nothing is under way by then.
  sdk::Status Send(std::string_view message, uint32_t records);
  // The most records that a message should have: fewer once the collector refused one for its
  // size. Any thread.
  uint32_t max_records() const { return max_records_.load(std::memory_order_relaxed); }
  // Whether Send would not wait.
  bool HasRoom();
  // Waits until all were answered. Errors as of Send.
  sdk::Status Drain();
  void Interrupt();

 private:
  using Clock = std::chrono::steady_clock;
  struct Message {
    grpc::ByteBuffer bytes;
    uint32_t records = 0;
  };
  struct Call;

  sdk::Status ReadCredentials();
  void Connect();
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
  // `but`: of which records it is not true that they wait.
  void SetAway(const grpc::Status& status, const char* but);
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

  std::mutex mutex_;  // guards all that follows
  std::condition_variable changed_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;  // one for each target
  size_t current_ = 0;
  Clock::time_point reconnect_at_;
  std::deque<Message> waiting_;
  std::unordered_set<Call*> calls_;
  uint32_t in_flight_ = 0;                       // calls that are no probes
  uint64_t held_ = 0;                            // records
  std::optional<Clock::time_point> full_since_;  // no Send has found room since then
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
