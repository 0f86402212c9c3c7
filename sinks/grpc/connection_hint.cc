// SPDX-License-Identifier: Apache-2.0
#include "sinks/grpc/connection_hint.h"

namespace weir::sinks {
namespace {

bool Has(std::string_view message, std::string_view part) {
  return message.find(part) != std::string_view::npos;
}

// The collector ends the connection before it answers in HTTP/2.
bool WasClosed(std::string_view message) {
  return Has(message, "Socket closed") || Has(message, "Connection reset") ||
         Has(message, "Broken pipe");
}

std::string TlsHint(std::string_view message, const GrpcTlsFiles& tls) {
  // OpenSSL's words, and BoringSSL's.
  if (Has(message, "wrong version number") || Has(message, "WRONG_VERSION_NUMBER")) {
    return "the collector does not speak TLS at this port: correct the port of `target`, or remove "
           "`tls`";
  }
  if (Has(message, "certificate verify failed") || Has(message, "CERTIFICATE_VERIFY_FAILED")) {
    const std::string authorities = tls.ca_file.empty() ? "the machine's certificate authorities"
                                                        : "an authority in " + tls.ca_file;
    return "the collector's certificate is not signed by " + authorities +
           ", or it has expired: correct tls.ca_file";
  }
  if (Has(message, "is not in peer certificate")) {
    return "the collector's certificate is for another name: set tls.server_name to a name in the "
           "certificate";
  }
  if (WasClosed(message)) {
    return tls.cert_file.empty()
               ? "the collector probably requires a client certificate: set tls.cert_file and "
                 "tls.key_file"
               : "the collector probably does not trust the certificate in " + tls.cert_file;
  }
  // gRPC fails before it connects.
  if (Has(message, "empty address list") && !tls.key_file.empty()) {
    return "tls.key_file probably does not belong to tls.cert_file";
  }
  return "";
}

}  // namespace

std::string ConnectionHint(std::string_view message, const std::optional<GrpcTlsFiles>& tls) {
  if (tls.has_value()) return TlsHint(message, *tls);
  return WasClosed(message) ? "the collector probably requires TLS: set `tls`" : "";
}

}  // namespace weir::sinks
