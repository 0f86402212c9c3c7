// SPDX-License-Identifier: Apache-2.0
// The log of the gRPC library: weir reports a failure in one sentence of its own, with the stage.
#ifndef WEIR_SOURCES_GRPC_HANDSHAKE_LOG_H_
#define WEIR_SOURCES_GRPC_HANDSHAKE_LOG_H_

#include <string>
#include <string_view>

#include "plugins/sdk/stage.h"

namespace weir::sources {

// Returns what a sender probably does wrong, if `message` is gRPC's line about a failed handshake;
// otherwise an empty string.
std::string HandshakeProblem(std::string_view message);

// Keeps gRPC from writing to stderr, unless the variable GRPC_VERBOSITY is set. Any thread, before
// gRPC is used.
void TakeLibraryLog();

// While it exists, failed handshakes are warnings of `stage`, at most one every ten seconds. gRPC
// does not say which connection failed: if several stages have a HandshakeLog, each of them reports
// it. Needs TakeLibraryLog. Thread-safe.
class HandshakeLog {
 public:
  // `stage` must outlive it.
  explicit HandshakeLog(const sdk::Stage* stage);
  ~HandshakeLog();
  HandshakeLog(const HandshakeLog&) = delete;
  HandshakeLog& operator=(const HandshakeLog&) = delete;

 private:
  const sdk::Stage* const stage_;
};

}  // namespace weir::sources

#endif  // WEIR_SOURCES_GRPC_HANDSHAKE_LOG_H_
