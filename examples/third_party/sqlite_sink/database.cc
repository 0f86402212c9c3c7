// SPDX-License-Identifier: Apache-2.0
#include "database.h"

#include <string>
#include <string_view>

namespace flowdb {
namespace {

using weir::sdk::OkStatus;
using weir::sdk::Status;

weir_code CodeOf(int result) {
  switch (result & 0xff) {  // the primary code of an extended result code
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return WEIR_UNAVAILABLE;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return WEIR_RESOURCE_EXHAUSTED;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_NOTADB:
      return WEIR_FAILED_PRECONDITION;
    case SQLITE_CORRUPT:
    case SQLITE_IOERR:
      return WEIR_DATA_LOSS;
    default:
      return WEIR_INTERNAL;
  }
}

}  // namespace

Status Database::Failure(const char* what) const {
  // sqlite3_open_v2 sets no database if memory is short.
  const int result = database_ == nullptr ? SQLITE_NOMEM : sqlite3_extended_errcode(database_);
  const char* const why = database_ == nullptr ? "out of memory" : sqlite3_errmsg(database_);
  return {CodeOf(result), std::string(what) + " '" + path_ + "': " + why};
}

Status Database::Open(uint32_t busy_timeout_ms) {
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(path_.c_str(), &database_, kFlags, nullptr) != SQLITE_OK) {
    const Status failure = Failure("open");
    static_cast<void>(Close());
    return failure;
  }
  sqlite3_busy_timeout(database_, static_cast<int>(busy_timeout_ms));
  return OkStatus();
}

Status Database::Close() {
  sqlite3_finalize(statement_);  // repeats the error of the last step, which was reported
  statement_ = nullptr;
  const int result = sqlite3_close(database_);
  if (result != SQLITE_OK) {
    const Status failure = Failure("close");
    sqlite3_close_v2(database_);
    database_ = nullptr;
    return failure;
  }
  database_ = nullptr;
  return OkStatus();
}

Status Database::Execute(const char* sql) {
  if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return OkStatus();
  return Failure("write to");
}

Status Database::Prepare(const char* sql) {
  if (sqlite3_prepare_v2(database_, sql, -1, &statement_, nullptr) == SQLITE_OK) return OkStatus();
  return Failure("prepare for");
}

void Database::Bind(int index, std::string_view text) {
  Note(sqlite3_bind_text(statement_, index, text.data(), static_cast<int>(text.size()),
                         SQLITE_STATIC));
}

Status Database::Step() {
  const bool bound = bind_result_ == SQLITE_OK;
  bind_result_ = SQLITE_OK;
  const bool done = bound && sqlite3_step(statement_) == SQLITE_DONE;
  const Status status = done ? OkStatus() : Failure("write to");
  sqlite3_reset(statement_);
  return status;
}

}  // namespace flowdb
