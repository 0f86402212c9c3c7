// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/testing/fake_host.h"

namespace weir::sdk::testing {

// The last release frees the rows, so that a sanitizer reports a later use. The batch itself stays,
// so that a second release is recognised.
struct FakeHost::Batch : weir_batch {
  FakeHost* owner = nullptr;
  std::atomic<int> references{1};
  std::vector<uint64_t> storage;
};

struct FakeHost::Metric {
  std::atomic<int64_t> value{0};
};

// Objects of Stage::Shared, in the order of their creation.
struct FakeHost::SharedObjects {
  struct Object {
    std::string name;
    void* object;
    void (*dispose)(void*);
  };
  ~SharedObjects() {
    for (const Object& shared : objects) shared.dispose(shared.object);
  }
  std::mutex mutex;
  std::vector<Object> objects;
};

FakeHost::FakeHost(std::string stage_name, FakeHost* sibling)
    : stage_name_(std::move(stage_name)),
      shared_(sibling != nullptr ? sibling->shared_ : std::make_shared<SharedObjects>()) {
  FillTable();
}

FakeHost::~FakeHost() {
  size_t leaked = 0;
  for (const auto& batch : allocated_) leaked += batch->references.load() > 0 ? 1 : 0;
  EXPECT_EQ(leaked, 0u) << "stage '" << stage_name_ << "' did not release all batches";
}

void FakeHost::FillTable() {
  table_.struct_size = sizeof(table_);
  table_.abi_major = WEIR_ABI_MAJOR;
  table_.abi_minor = WEIR_ABI_MINOR;
  table_.record_version = WEIR_RECORD_VERSION;
  table_.program_version = "test";
  table_.log = [](weir_stage* stage, weir_severity severity, const char* file, int line,
                  weir_string message) {
    if (stage == nullptr) return;
    Of(stage)->Log({severity, file, line, std::string(message.data, message.size)});
  };
  table_.error_set = [](weir_error* error, weir_string message) {
    reinterpret_cast<std::string*>(error)->assign(message.data, message.size);
  };
  table_.batch_allocate = [](weir_stage* stage, uint32_t rows, const weir_batch* like) {
    FakeHost* const host = Of(stage);
    RowLayout layout = host->Locked([host] { return host->layout_; });
    if (like != nullptr) {
      layout.stride = like->stride;
      std::copy(std::begin(like->block_offset), std::end(like->block_offset),
                layout.block_offset.begin());
    }
    return host->Allocate(rows, layout);
  };
  table_.batch_retain = Retain;
  table_.batch_release = Release;
  table_.emit = [](weir_stage* stage, weir_batch* batch) { return Of(stage)->Emit(batch); };
  table_.count = [](weir_stage* stage, weir_count what, const char* reason, uint64_t records) {
    Of(stage)->Count(what, reason, records);
  };
  table_.request_stop = [](weir_stage* stage, weir_string why) {
    Of(stage)->Change([&] { Of(stage)->stops_.emplace_back(why.data, why.size); });
  };
  table_.metric = [](weir_stage* stage, weir_metric_kind kind, const char* name, const char* reason,
                     const char* /*help*/) { return Of(stage)->FindMetric(kind, name, reason); };
  table_.metric_add = [](weir_metric* metric, int64_t delta) {
    reinterpret_cast<Metric*>(metric)->value += delta;
  };
  table_.metric_set = [](weir_metric* metric, int64_t value) {
    reinterpret_cast<Metric*>(metric)->value = value;
  };
  table_.clock_monotonic_ns = [](weir_stage* stage) {
    return Of(stage)->Locked([&] { return Of(stage)->monotonic_ns_; });
  };
  table_.clock_wall_ns = [](weir_stage* stage) {
    return Of(stage)->Locked([&] { return Of(stage)->wall_ns_; });
  };
  table_.shared = [](weir_stage* stage, const char* name, void* (*make)(), void (*dispose)(void*)) {
    return Of(stage)->Shared(name, make, dispose);
  };
  table_.settle = [](weir_stage* stage) {
    return Of(stage)->Locked([&] { return Of(stage)->delivery_code_; });
  };
  table_.finding_add = [](weir_findings* findings, const weir_finding* finding) {
    reinterpret_cast<std::vector<Finding>*>(findings)->push_back(
        {finding->severity,
         {finding->subject.data, finding->subject.size},
         {finding->text.data, finding->text.size}});
  };
}

weir_batch* FakeHost::Allocate(uint32_t rows, const RowLayout& layout) {
  EXPECT_TRUE(rows >= 1 && rows <= 65536) << "batch_allocate of " << rows << " rows";
  const std::lock_guard<std::mutex> lock(mutex_);
  if (allocations_fail_ || rows < 1 || rows > 65536) return nullptr;
  auto batch = std::make_unique<Batch>();
  batch->storage.resize(size_t{rows} * layout.stride / 8);
  batch->owner = this;
  batch->struct_size = sizeof(weir_batch);
  batch->record_version = WEIR_RECORD_VERSION;
  batch->stride = layout.stride;
  batch->capacity = rows;
  batch->size = 0;
  batch->reserved = 0;
  batch->rows = reinterpret_cast<uint8_t*>(batch->storage.data());
  std::copy(layout.block_offset.begin(), layout.block_offset.end(), batch->block_offset);
  allocated_.push_back(std::move(batch));
  return allocated_.back().get();
}

void FakeHost::Retain(const weir_batch* batch) {
  auto* const own = static_cast<Batch*>(const_cast<weir_batch*>(batch));
  EXPECT_GT(own->references.fetch_add(1), 0) << "a freed batch was retained";
}

void FakeHost::Release(const weir_batch* batch) {
  auto* const own = static_cast<Batch*>(const_cast<weir_batch*>(batch));
  const int before = own->references.fetch_sub(1);
  EXPECT_GT(before, 0) << "a batch was released too often";
  if (before != 1) return;
  own->rows = nullptr;
  own->storage = {};
}

weir_batch* FakeHost::MakeBatch(const std::vector<Record>& records) {
  weir_batch* const batch =
      Allocate(static_cast<uint32_t>(records.size()), Locked([this] { return layout_; }));
  if (batch == nullptr) {
    ADD_FAILURE() << "the host cannot allocate a batch to feed";
    return nullptr;
  }
  for (const Record& record : records) {
    std::memcpy(batch->rows + size_t{batch->size++} * batch->stride, &record, sizeof(record));
  }
  return batch;
}

Status FakeHost::Feed(Consumer* consumer, const std::vector<Record>& records,
                      uint32_t rows_per_batch) {
  for (size_t first = 0; first < records.size(); first += rows_per_batch) {
    const size_t last = std::min<size_t>(records.size(), first + rows_per_batch);
    weir_batch* const batch = MakeBatch({records.begin() + static_cast<std::ptrdiff_t>(first),
                                         records.begin() + static_cast<std::ptrdiff_t>(last)});
    if (batch == nullptr) return {WEIR_RESOURCE_EXHAUSTED, "no memory for a batch to feed"};
    const Status status = FeedBatch(consumer, batch);
    Release(batch);
    if (!status.ok()) return status;
  }
  return OkStatus();
}

Status FakeHost::FeedBatch(Consumer* consumer, const weir_batch* batch) {
  const std::vector<uint8_t> before(batch->rows, batch->rows + size_t{batch->size} * batch->stride);
  Change([&] { counts_.received += batch->size; });
  const Status status = consumer->Process(BatchView(batch));
  EXPECT_TRUE(std::equal(before.begin(), before.end(), batch->rows))
      << "the consumer wrote to a batch that other consumers share";
  if (!status.ok()) DropUnaccounted();
  return status;
}

std::vector<Finding> FakeHost::Diagnose(Component* component) {
  std::vector<Finding> findings;
  const Status status =
      component->Diagnose(Findings(&table_, reinterpret_cast<weir_findings*>(&findings)));
  EXPECT_TRUE(status.ok()) << status.message();
  return findings;
}

// Like the real host after an error: counts the records that the stage did not count as dropped.
void FakeHost::DropUnaccounted() {
  Change([&] {
    const uint64_t counted = counts_.Accounted();
    if (counts_.received > counted) {
      counts_.dropped["stage_failed"] += counts_.received - counted;
    }
  });
}

weir_code FakeHost::Emit(weir_batch* batch) {
  EXPECT_TRUE(batch->size >= 1 && batch->size <= batch->capacity)
      << "emitted " << batch->size << " rows of " << batch->capacity;
  weir_code code;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    if (emits_blocked_) {
      ++blocked_emits_;
      changed_.notify_all();
      EXPECT_TRUE(changed_.wait_for(lock, kPatience, [this] { return !emits_blocked_; }))
          << "no UnblockEmits came";
      --blocked_emits_;
    }
    code = emit_code_;
    if (code == WEIR_OK) {
      EmittedBatch copy;
      copy.stride = batch->stride;
      std::copy(batch->block_offset, batch->block_offset + WEIR_BLOCK_IDS,
                copy.block_offset.begin());
      copy.bytes.assign(batch->rows, batch->rows + size_t{batch->size} * batch->stride);
      for (const Record& record : BatchView(batch)) copy.records.push_back(record);
      batches_.push_back(std::move(copy));
      counts_.emitted += batch->size;
    } else {
      counts_.dropped["pipeline_ended"] += batch->size;
    }
  }
  changed_.notify_all();
  Release(batch);
  return code;
}

void FakeHost::Count(weir_count what, const char* reason, uint64_t records) {
  EXPECT_EQ(what == WEIR_COUNT_DROPPED, reason != nullptr) << "only drops have a reason";
  Change([&] {
    switch (what) {
      case WEIR_COUNT_RECEIVED:
        counts_.received += records;
        return;
      case WEIR_COUNT_DELIVERED:
        counts_.delivered += records;
        return;
      case WEIR_COUNT_MERGED:
        counts_.merged += records;
        return;
      case WEIR_COUNT_FILTERED:
        counts_.filtered += records;
        return;
      case WEIR_COUNT_DROPPED:
        counts_.dropped[reason != nullptr ? reason : ""] += records;
        return;
      case WEIR_COUNT_HELD:
        counts_.held = records;
        return;
    }
    ADD_FAILURE() << "unknown count " << static_cast<int>(what);
  });
}

weir_metric* FakeHost::FindMetric(weir_metric_kind kind, const char* name, const char* reason) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::unique_ptr<Metric>& metric = metrics_[{kind, name, reason != nullptr ? reason : ""}];
  if (metric == nullptr) metric = std::make_unique<Metric>();
  return reinterpret_cast<weir_metric*>(metric.get());
}

void* FakeHost::Shared(const char* name, void* (*make)(), void (*dispose)(void*)) {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  for (const SharedObjects::Object& shared : shared_->objects) {
    if (shared.name == name) return shared.object;
  }
  void* const object = make();
  if (object != nullptr) shared_->objects.push_back({name, object, dispose});
  return object;
}

std::vector<Record> FakeHost::records() const {
  std::vector<Record> all;
  for (const EmittedBatch& batch : batches()) {
    all.insert(all.end(), batch.records.begin(), batch.records.end());
  }
  return all;
}

std::vector<Record> FakeHost::TakeRecords() {
  std::vector<EmittedBatch> taken;
  Change([&] { taken.swap(batches_); });
  std::vector<Record> all;
  for (const EmittedBatch& batch : taken) {
    all.insert(all.end(), batch.records.begin(), batch.records.end());
  }
  return all;
}

uint64_t FakeHost::dropped(const std::string& reason) const {
  const StageCounts now = counts();
  const auto found = now.dropped.find(reason);
  return found == now.dropped.end() ? 0 : found->second;
}

void FakeHost::ExpectBalanced() const {
  const StageCounts now = counts();
  EXPECT_EQ(now.received, now.Accounted())
      << "emitted " << now.emitted << ", delivered " << now.delivered << ", merged " << now.merged
      << ", filtered " << now.filtered << ", dropped " << now.AllDropped() << ", held " << now.held;
}

bool FakeHost::HasLog(std::string_view part) const {
  for (const LogLine& line : log()) {
    if (line.message.find(part) != std::string::npos) return true;
  }
  return false;
}

int64_t FakeHost::metric(const std::string& name, const std::string& reason) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const weir_metric_kind kind : {WEIR_METRIC_COUNTER, WEIR_METRIC_GAUGE}) {
    const auto found = metrics_.find({kind, name, reason});
    if (found != metrics_.end()) return found->second->value.load();
  }
  ADD_FAILURE() << "the component has no metric " << name << " with reason '" << reason << "'";
  return 0;
}

void FakeHost::SetClocks(int64_t wall_ns, uint64_t monotonic_ns) {
  Change([&] {
    wall_ns_ = wall_ns;
    monotonic_ns_ = monotonic_ns;
  });
}

void FakeHost::AdvanceClocks(uint64_t ns) {
  Change([&] {
    wall_ns_ += static_cast<int64_t>(ns);
    monotonic_ns_ += ns;
  });
}

void FakeHost::SetRowLayout(const RowLayout& layout) {
  ASSERT_TRUE(layout.stride >= sizeof(Record) && layout.stride % 8 == 0);
  Change([&] { layout_ = layout; });
}

void FakeHost::FailEmits(weir_code code) {
  Change([&] { emit_code_ = code; });
}

void FakeHost::FailDelivery(weir_code code) {
  Change([&] { delivery_code_ = code; });
}

void FakeHost::BlockEmits() {
  Change([&] { emits_blocked_ = true; });
}

void FakeHost::UnblockEmits() {
  Change([&] { emits_blocked_ = false; });
}

void FakeHost::FailAllocations(bool fail) {
  Change([&] { allocations_fail_ = fail; });
}

bool FakeHost::WaitFor(const std::function<bool()>& condition) const {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << "the condition did not become true within " << kPatience.count() << " s";
      return false;
    }
    // The condition may depend on something else than the host: look again soon.
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace weir::sdk::testing
