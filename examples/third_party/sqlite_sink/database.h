// SPDX-License-Identifier: Apache-2.0
// SQLite's C interface, with errors as a status that names the file.
#ifndef FLOWDB_DATABASE_H_
#define FLOWDB_DATABASE_H_

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "plugins/sdk/status.h"

namespace flowdb {

// An open database and one prepared statement. One thread at a time.
class Database {
 public:
  explicit Database(std::string path) : path_(std::move(path)) {}
  ~Database() { static_cast<void>(Close()); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  weir::sdk::Status Open(uint32_t busy_timeout_ms);
  // Closes the database, also if it returns an error.
  weir::sdk::Status Close();

  // Runs a statement without results.
  weir::sdk::Status Execute(const char* sql);
  // Prepares the statement for Bind and Step.
  weir::sdk::Status Prepare(const char* sql);

  // Sets parameter number `index`, from 1. Text must stay valid until Step, which reports errors.
  void Bind(int index, int64_t value) { Note(sqlite3_bind_int64(statement_, index, value)); }
  void Bind(int index, std::string_view text);
  // Runs the prepared statement.
  weir::sdk::Status Step();

 private:
  void Note(int result) {
    if (result != SQLITE_OK) bind_result_ = result;
  }
  weir::sdk::Status Failure(const char* what) const;

  const std::string path_;
  sqlite3* database_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
  int bind_result_ = SQLITE_OK;
};

}  // namespace flowdb

#endif  // FLOWDB_DATABASE_H_
