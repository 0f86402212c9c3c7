// SPDX-License-Identifier: Apache-2.0
// Reads files of certificates and keys in PEM (RFC 7468) and checks their form. A TLS library would
// report a bad file only at the first connection, and without the name of the option.
#ifndef WEIR_PLUGINS_SDK_READ_PEM_H_
#define WEIR_PLUGINS_SDK_READ_PEM_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/abi/weir_plugin.h"
#include "plugins/sdk/read_file.h"
#include "plugins/sdk/status.h"

namespace weir::sdk {

enum class PemKind { kCertificates, kPrivateKey };

namespace internal {

// Decodes Base64 (RFC 4648, section 4) with white space anywhere. Returns false for other text.
inline bool DecodeBase64(std::string_view text, std::string* bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  uint32_t bits = 0;
  size_t digits = 0;
  size_t padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == ' ' || c == '\t') continue;
    const size_t digit = kDigits.find(c);
    if (c == '=') ++padding;
    if (c != '=' && (digit == std::string_view::npos || padding > 0)) return false;
    bits = bits << 6 | (c == '=' ? 0 : static_cast<uint32_t>(digit));
    if (++digits % 4 != 0) continue;
    for (const int shift : {16, 8, 0}) bytes->push_back(static_cast<char>(bits >> shift));
  }
  if (digits % 4 != 0 || padding > 2) return false;
  bytes->resize(bytes->size() - padding);
  return true;
}

// Returns true if `bytes` are exactly one SEQUENCE of DER (X.690), as a certificate or a key is.
inline bool IsDerSequence(std::string_view bytes) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  if (bytes.size() < 2 || at(0) != 0x30) return false;
  if (at(1) < 0x80) return bytes.size() == size_t{2} + at(1);
  const size_t length_bytes = at(1) & 0x7Fu;
  if (length_bytes == 0 || length_bytes > 4 || bytes.size() < 2 + length_bytes) return false;
  size_t size = 0;
  for (size_t i = 0; i < length_bytes; ++i) size = size << 8 | at(2 + i);
  return bytes.size() == 2 + length_bytes + size;
}

inline bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Returns the fault of `text` as a phrase that follows the name of the file, or "" if it has none.
inline std::string WhatIsWrongWithPem(std::string_view text, PemKind kind) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  constexpr std::string_view kDashes = "-----";
  const bool is_key = kind == PemKind::kPrivateKey;
  const char* const thing = is_key ? "private key" : "certificate";
  size_t found = 0;
  for (size_t at = text.find(kBegin); at != std::string_view::npos; at = text.find(kBegin, at)) {
    at += kBegin.size();
    const size_t label_end = text.find(kDashes, at);
    if (label_end == std::string_view::npos) return "has a line that is cut off";
    const std::string label(text.substr(at, label_end - at));
    const size_t body = label_end + kDashes.size();
    const size_t body_end = text.find("-----END " + label + "-----", body);
    if (body_end == std::string_view::npos) return "has a " + label + " that does not end";
    at = body_end;
    if (!EndsWith(label, is_key ? "PRIVATE KEY" : "CERTIFICATE")) continue;
    const std::string_view block = text.substr(body, body_end - body);
    if (label == "ENCRYPTED PRIVATE KEY" || block.find("ENCRYPTED") != std::string_view::npos) {
      return "has an encrypted private key; weir cannot ask for a passphrase: decrypt the key";
    }
    std::string bytes;
    if (!DecodeBase64(block, &bytes) || !IsDerSequence(bytes)) {
      return std::string("has a damaged ") + thing;
    }
    ++found;
  }
  return found > 0 ? "" : std::string("has no ") + thing + " in PEM";
}

}  // namespace internal

// Returns the text of the file `path`. Errors begin with `field`, the name of the option.
// INVALID_ARGUMENT: the file does not have the form of `kind`; other errors are those of ReadFile.
// Does not check if a certificate is valid, or if it belongs to a key. Thread-safe.
inline Result<std::string> ReadPem(const std::string& field, const std::string& path,
                                   PemKind kind) {
  Result<std::string> contents = ReadFile(path);
  if (!contents.ok()) {
    return Status(contents.status().code(), field + ": " + contents.status().message());
  }
  const std::string wrong = internal::WhatIsWrongWithPem(*contents, kind);
  if (!wrong.empty()) {
    return Status(WEIR_INVALID_ARGUMENT, field + ": " + path + " " + wrong);
  }
  return contents;
}

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_READ_PEM_H_
