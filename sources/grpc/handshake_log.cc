// SPDX-License-Identifier: Apache-2.0
#include "sources/grpc/handshake_log.h"

#include <grpc/support/log.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>

namespace weir::sources {
namespace {

constexpr std::chrono::seconds kBetweenLines{10};

struct State {
  std::mutex mutex;  // guards all members below
  std::map<const sdk::Stage*, std::chrono::steady_clock::time_point> next_line;  // by stage
};

State* TheState() {
  static State state;
  return &state;
}

// Replaces gRPC's own function, which writes to stderr.
void Log(gpr_log_func_args* line) {
  const std::string problem = HandshakeProblem(line->message);
  if (problem.empty()) {
    if (std::getenv("GRPC_VERBOSITY") == nullptr) return;
    std::fprintf(stderr, "%s %s:%d: %s\n", gpr_log_severity_string(line->severity), line->file,
                 line->line, line->message);
    return;
  }
  State* const state = TheState();
  const std::lock_guard<std::mutex> lock(state->mutex);
  const auto now = std::chrono::steady_clock::now();
  for (auto& [stage, next_line] : state->next_line) {
    if (now < next_line) continue;
    next_line = now + kBetweenLines;
    stage->Log(WEIR_LOG_WARNING, problem);
  }
}

}  // namespace

std::string HandshakeProblem(std::string_view message) {
  constexpr std::string_view kBegin = "Handshake failed with fatal error ";
  if (message.substr(0, kBegin.size()) != kBegin) return "";
  const auto has = [&](std::string_view part) {
    return message.find(part) != std::string_view::npos;
  };
  const std::string text = "a TLS handshake failed: " + std::string(message.substr(kBegin.size()));
  // OpenSSL's words.
  if (has("wrong version number") || has("http request")) {
    return text + " The sender probably does not use TLS.";
  }
  if (has("peer did not return a certificate")) {
    return text + " The sender has no certificate, which tls.client_ca_file requires.";
  }
  if (has("certificate verify failed")) {
    return text + " The sender's certificate is not signed by an authority in tls.client_ca_file.";
  }
  if (has("unknown ca") || has("bad certificate")) {
    return text + " The sender does not trust the certificate in tls.cert_file.";
  }
  return text;
}

void TakeLibraryLog() { gpr_set_log_function(&Log); }

HandshakeLog::HandshakeLog(const sdk::Stage* stage) : stage_(stage) {
  State* const state = TheState();
  const std::lock_guard<std::mutex> lock(state->mutex);
  state->next_line.emplace(stage, std::chrono::steady_clock::time_point());
}

HandshakeLog::~HandshakeLog() {
  State* const state = TheState();
  const std::lock_guard<std::mutex> lock(state->mutex);
  state->next_line.erase(stage_);
}

}  // namespace weir::sources
