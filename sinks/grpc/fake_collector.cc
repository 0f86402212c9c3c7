// SPDX-License-Identifier: Apache-2.0
#include "sinks/grpc/fake_collector.h"

#include <grpcpp/server_builder.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "core/record/agent_tcp_flags.h"
#include "core/record/protobuf_fields.h"
#include "core/record/protobuf_reader.h"
#include "gtest/gtest.h"

namespace weir::testing {
namespace {

// Parses the entries of a Records message.
std::vector<Record> Parse(std::string_view message) {
  std::vector<Record> records;
  ProtobufFields fields(message);
  ProtobufField field;
  while (fields.Next(&field)) {
    Record record;
    const char* const error = ReadProtobuf(field.bytes, &record);
    EXPECT_EQ(error, nullptr) << error;
    EXPECT_EQ(field.id, 1u);
    TranslateAgentTcpFlags(&record);
    records.push_back(record);
  }
  EXPECT_EQ(fields.error(), nullptr) << fields.error();
  return records;
}

}  // namespace

// A message and its answer; deletes itself.
class FakeCollector::Call : public grpc::ServerGenericBidiReactor {
 public:
  Call(FakeCollector* collector, grpc::GenericCallbackServerContext* context)
      : collector_(collector), context_(context) {
    EXPECT_EQ(context->method(), "/pbflow.Collector/Send");
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    grpc::Slice slice;
    EXPECT_TRUE(request_.DumpToSingleSlice(&slice).ok());
    const std::vector<Record> records =
        Parse({reinterpret_cast<const char*>(slice.begin()), slice.size()});
    const std::lock_guard<std::mutex> lock(collector_->mutex_);
    ++collector_->calls_;
    collector_->peers_.push_back(context_->peer());
    if (collector_->status_.ok()) {
      collector_->messages_.push_back(records.size());
      collector_->records_.insert(collector_->records_.end(), records.begin(), records.end());
    }
    collector_->changed_.notify_all();
    if (collector_->held_back_) return collector_->waiting_.push_back(this);
    Answer(collector_->status_, collector_->not_taken_);
  }
  void Answer(const grpc::Status& status, bool not_taken) {
    if (not_taken) context_->AddTrailingMetadata("weir-not-taken", "1");
    if (!status.ok()) return Finish(status);
    StartWriteAndFinish(&answer_, grpc::WriteOptions(), grpc::Status::OK);
  }
  // The client or the server gave up the call, so it is not answered.
  void OnCancel() override {
    const std::lock_guard<std::mutex> lock(collector_->mutex_);
    std::vector<Call*>* const waiting = &collector_->waiting_;
    const auto found = std::find(waiting->begin(), waiting->end(), this);
    if (found == waiting->end()) return;
    waiting->erase(found);
    Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  FakeCollector* const collector_;
  grpc::GenericCallbackServerContext* const context_;
  grpc::ByteBuffer request_;
  grpc::Slice nothing_;
  grpc::ByteBuffer answer_{&nothing_, 1};
};

class FakeCollector::Service : public grpc::CallbackGenericService {
 public:
  explicit Service(FakeCollector* collector) : collector_(collector) {}
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return new Call(collector_, context);
  }

 private:
  FakeCollector* const collector_;
};

FakeCollector::FakeCollector() = default;
FakeCollector::~FakeCollector() { Stop(); }

void FakeCollector::Start(int port, std::shared_ptr<grpc::ServerCredentials> credentials) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:" + std::to_string(port), std::move(credentials), &port_);
  service_ = std::make_unique<Service>(this);
  builder.RegisterCallbackGenericService(service_.get());
  server_ = builder.BuildAndStart();
  ASSERT_NE(server_, nullptr);
  ASSERT_NE(port_, 0);
}

void FakeCollector::Stop() {
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now());
  server_.reset();
  const std::lock_guard<std::mutex> lock(mutex_);
  held_back_ = false;
}

void FakeCollector::AnswerWith(grpc::Status status, bool not_taken) {
  const std::lock_guard<std::mutex> lock(mutex_);
  status_ = std::move(status);
  not_taken_ = not_taken;
}

void FakeCollector::HoldBack() {
  const std::lock_guard<std::mutex> lock(mutex_);
  held_back_ = true;
}

void FakeCollector::Release() {
  const std::lock_guard<std::mutex> lock(mutex_);
  held_back_ = false;
  for (Call* const call : std::exchange(waiting_, {})) call->Answer(status_, not_taken_);
}

std::vector<size_t> FakeCollector::messages() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return messages_;
}

std::vector<Record> FakeCollector::records() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return records_;
}

size_t FakeCollector::calls() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return calls_;
}

std::vector<std::string> FakeCollector::peers() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return peers_;
}

void FakeCollector::WaitForCalls(size_t calls) {
  std::unique_lock<std::mutex> lock(mutex_);
  EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(60), [&] { return calls_ >= calls; }))
      << calls_ << " calls came";
}

}  // namespace weir::testing
