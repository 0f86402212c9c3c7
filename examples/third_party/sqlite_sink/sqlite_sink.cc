// SPDX-License-Identifier: Apache-2.0
#include "sqlite_sink.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>

namespace flowdb {
namespace {

using weir::sdk::OkStatus;
using weir::sdk::Result;
using weir::sdk::Stage;
using weir::sdk::Status;

constexpr char kTable[] =
    "CREATE TABLE IF NOT EXISTS flows (start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL,"
    " src_addr TEXT NOT NULL, dst_addr TEXT NOT NULL, src_port INTEGER NOT NULL,"
    " dst_port INTEGER NOT NULL, protocol INTEGER NOT NULL, direction INTEGER NOT NULL,"
    " interface TEXT NOT NULL, packets INTEGER NOT NULL, bytes INTEGER NOT NULL)";
constexpr char kInsert[] = "INSERT INTO flows VALUES (?,?,?,?,?,?,?,?,?,?,?)";

// Numbers of SQLite are signed: a larger value becomes the largest one.
int64_t Signed(uint64_t value) {
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  return static_cast<int64_t>(std::min(value, kMost));
}

}  // namespace

Result<std::unique_ptr<SqliteSink>> SqliteSink::Create(const Config& config, Stage stage) {
  return std::make_unique<SqliteSink>(config, std::move(stage));
}

SqliteSink::SqliteSink(const Config& config, Stage stage)
    : config_(config), stage_(std::move(stage)), database_(config.path) {}

Status SqliteSink::Start() {
  Status status = Open();
  if (!status.ok()) static_cast<void>(database_.Close());  // a failed start leaves nothing open
  return status;
}

Status SqliteSink::Open() {
  if (Status status = database_.Open(config_.busy_timeout_ms); !status.ok()) return status;
  const bool full = config_.synchronous == Config::kFull;
  for (const char* sql :
       {full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = OFF", kTable}) {
    if (Status status = database_.Execute(sql); !status.ok()) return status;
  }
  return database_.Prepare(kInsert);
}

Status SqliteSink::Process(const weir::BatchView& batch) {
  if (batch.size() == 0) return OkStatus();
  // IMMEDIATE: wait for the lock now, not in the middle of the transaction.
  if (Status status = database_.Execute("BEGIN IMMEDIATE"); !status.ok()) return status;
  Status status = Insert(batch);
  if (status.ok()) status = database_.Execute("COMMIT");
  if (!status.ok()) {
    // Ignore the status: some errors have already rolled back, and then this statement fails.
    static_cast<void>(database_.Execute("ROLLBACK"));
    return status;
  }
  stage_.CountDelivered(batch.size());
  return OkStatus();
}

Status SqliteSink::Insert(const weir::BatchView& batch) {
  for (const weir::Record& record : batch) {
    if (Status status = Insert(record); !status.ok()) return status;
  }
  return OkStatus();
}

Status SqliteSink::Insert(const weir::Record& record) {
  const std::string source = weir::SrcAddr(record).String();
  const std::string destination = weir::DstAddr(record).String();
  database_.Bind(1, record.start_wall_time_ns);
  database_.Bind(2, record.end_wall_time_ns);
  database_.Bind(3, source);
  database_.Bind(4, destination);
  database_.Bind(5, int64_t{record.src_port});
  database_.Bind(6, int64_t{record.dst_port});
  database_.Bind(7, int64_t{record.transport_protocol});
  database_.Bind(8, int64_t{record.direction});
  database_.Bind(9, weir::InterfaceName(record));
  database_.Bind(10, Signed(record.packets));
  database_.Bind(11, Signed(record.bytes));
  return database_.Step();
}

}  // namespace flowdb
