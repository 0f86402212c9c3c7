// SPDX-License-Identifier: Apache-2.0
// A fuzzer's entry to the parser of messages, with protobuf's own parser as the reference.
//
// An input is the fields of a weir.test.Writer. If weir accepts it, protobuf accepts it and gives
// the same message. If only protobuf accepts it, each mistake is one that weir is stricter about.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "core/config/config_test.pb.h"
#include "core/config/message/message_parser.h"
#include "core/config/message/wire_format.h"
#include "core/config/text/lexer.h"
#include "core/config/text/outline.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/text_format.h"

namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;
using google::protobuf::TextFormat;
using weir::config::Outline;
using weir::test::Writer;

void Require(bool condition) {
  if (!condition) std::abort();
}

// Ignores errors.
class Silence : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int /*line*/, int /*column*/, const std::string& /*message*/) override {}
};

// Takes any host in `[host/message]`, as weir does.
class AnyHost : public TextFormat::Finder {
 public:
  const Descriptor* FindAnyType(const Message& message, const std::string& /*prefix*/,
                                const std::string& name) const override {
    return message.GetDescriptor()->file()->pool()->FindMessageTypeByName(name);
  }
};

// Returns the mistakes.
std::vector<std::string> ParseByWeir(std::string_view text, Writer* writer) {
  std::vector<std::string> mistakes;
  const auto report = [&](size_t offset, std::string sentence) {
    Require(offset <= text.size() && !sentence.empty());
    mistakes.push_back(std::move(sentence));
  };
  Outline outline;
  if (outline.Build(text, report)) {
    const std::vector<int> tokens = ParseMessage(&outline, Outline::kRoot, {}, writer, report);
    Require(tokens.empty() == mistakes.empty());
    Require(std::is_sorted(tokens.begin(), tokens.end()));
  } else {
    Require(!mistakes.empty());
  }
  return mistakes;
}

bool ParseByProtobuf(const std::string& text, Writer* writer) {
  Silence silence;
  AnyHost any_host;
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&silence);
  parser.SetFinder(&any_host);
  parser.AllowPartialMessage(true);
  return parser.ParseFromString(text, writer);
}

// Ends the process after a difference between the parsers.
[[noreturn]] void Differ(std::string_view difference, std::string_view text,
                         const std::vector<std::string>& mistakes, const Writer& by_weir,
                         const Writer& by_protobuf) {
  std::cerr << difference << ":\n" << text << "\n";
  for (const std::string& mistake : mistakes) std::cerr << "weir: " << mistake << "\n";
  std::cerr << "weir: " << by_weir.ShortDebugString()
            << "\nprotobuf: " << by_protobuf.ShortDebugString() << "\n";
  std::abort();
}

// True for a mistake in a text that protobuf accepts.
bool IsStricter(std::string_view mistake) {
  for (const char* sentence : {
           "is given a second time",      // a field without presence, with its default value
           "must be JSON, TABLE or CSV",  // an unknown number
           "has no field 'way'",          // a reserved name
           "has texts without a ','",     // protobuf joins them
           "has several texts on one line",
           "is not UTF-8",  // protobuf takes any byte between quotes
       }) {
    if (absl::StrContains(mistake, sentence)) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const google::protobuf::LogSilencer silencer;
  const std::string text(reinterpret_cast<const char*>(data), size);
  Writer by_weir, by_protobuf;
  const std::vector<std::string> mistakes = ParseByWeir(text, &by_weir);
  // protobuf's recursion is not bounded: it gets no text that is nested too deep. It knows no
  // variables, whose names and defaults may contain a quote.
  const bool too_deep = std::any_of(mistakes.begin(), mistakes.end(), [](const std::string& one) {
    return absl::StrContains(one, "more than 64 deep");
  });
  if (too_deep || absl::StrContains(text, "${")) return 0;
  // weir skips the byte order mark of a text.
  const bool valid =
      ParseByProtobuf(text.substr(weir::config::ByteOrderMarkLength(text)), &by_protobuf);
  if (mistakes.empty()) {
    if (!valid) Differ("protobuf refuses it", text, mistakes, by_weir, by_protobuf);
    if (weir::config::ToWireFormat(by_weir) != weir::config::ToWireFormat(by_protobuf)) {
      Differ("the messages differ", text, mistakes, by_weir, by_protobuf);
    }
  } else if (valid && std::none_of(mistakes.begin(), mistakes.end(), IsStricter)) {
    Differ("only weir refuses it", text, mistakes, by_weir, by_protobuf);
  }
  return 0;
}
