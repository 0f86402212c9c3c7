// SPDX-License-Identifier: Apache-2.0
// The sink `sqlite`: records as rows of a database.
#ifndef FLOWDB_SQLITE_SINK_H_
#define FLOWDB_SQLITE_SINK_H_

#include <cstdint>
#include <memory>

#include "config.h"
#include "core/record/record.h"
#include "database.h"
#include "plugins/sdk/component.h"

namespace flowdb {

// Each batch is one transaction: either the whole batch is in the database and counts as delivered,
// or nothing is, and the stage fails. It holds no records between two calls, so it needs no Flush.
// One call at a time.
class SqliteSink : public weir::sdk::Sink {
 public:
  static constexpr uint64_t kCapabilities = 0;

  static weir::sdk::Result<std::unique_ptr<SqliteSink>> Create(const Config& config,
                                                               weir::sdk::Stage stage);
  SqliteSink(const Config& config, weir::sdk::Stage stage);

  weir::sdk::Status Start() override;
  weir::sdk::Status Stop() override { return database_.Close(); }
  weir::sdk::Status Process(const weir::BatchView& batch) override;

 private:
  weir::sdk::Status Open();
  weir::sdk::Status Insert(const weir::BatchView& batch);
  weir::sdk::Status Insert(const weir::Record& record);

  const Config config_;
  const weir::sdk::Stage stage_;
  Database database_;
};

}  // namespace flowdb

#endif  // FLOWDB_SQLITE_SINK_H_
