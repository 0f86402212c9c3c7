// SPDX-License-Identifier: Apache-2.0
// Reports TLS handshakes that fail: gRPC only writes a line of its own, without the stage.
#ifndef WEIR_SOURCES_GRPC_HANDSHAKE_LOG_H_
#define WEIR_SOURCES_GRPC_HANDSHAKE_LOG_H_

#include <string>
#include <string_view>

#include "plugins/sdk/stage.h"

namespace weir::sources {

// Returns what a sender probably does wrong, if `message` is gRPC's line about a failed handshake;
// otherwise an empty string.
std::string HandshakeProblem(std::string_view message);

// While it exists, failed handshakes are warnings of `stage`, at most one every ten seconds. gRPC
// does not say which connection failed: if several stages have a HandshakeLog, each of them reports
// it. Other lines of gRPC stay as they are. Thread-safe.
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
