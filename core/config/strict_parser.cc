// SPDX-License-Identifier: Apache-2.0
#include "core/config/strict_parser.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/config/diagnostics.h"
#include "core/config/suggestion.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/text_format.h"

namespace weir::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::TextFormat;
using google::protobuf::io::Tokenizer;

// After so many mistakes in one block the rest can wait for the next run: each costs
// a parse of the whole block.
constexpr int kMaxAttempts = 20;

struct ParserMessage {
  int line, column;  // in the file, as protobuf counts
  std::string text;
};

// Takes the messages of one attempt, and puts their places back to the file's.
class Collector : public google::protobuf::io::ErrorCollector {
 public:
  // The parsed text begins at that place of the file, and was indented by `indent`.
  Collector(int line, int column, int indent) : line_(line), column_(column), indent_(indent) {}

  void AddError(int line, int column, const std::string& message) override {
    errors_.push_back(Place(line, column, message));
  }
  // Only because unknown fields are allowed, so that the parser goes on behind them.
  void AddWarning(int line, int column, const std::string& message) override {
    if (warnings_.size() < Diagnostics::kMaxKept) warnings_.push_back(Place(line, column, message));
  }
  const std::vector<ParserMessage>& errors() const { return errors_; }
  const std::vector<ParserMessage>& warnings() const { return warnings_; }

 private:
  ParserMessage Place(int line, int column, const std::string& message) const {
    return {line + line_, line == 0 ? column - indent_ + column_ : column, message};
  }
  const int line_, column_, indent_;
  std::vector<ParserMessage> errors_, warnings_;
};

// What a value of the field looks like; empty for a message.
std::string ValueKind(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return "a whole number from -2147483648 to 2147483647";
    case FieldDescriptor::CPPTYPE_UINT32:
      return "a whole number from 0 to 4294967295";
    case FieldDescriptor::CPPTYPE_INT64:
      return "a whole number from -9223372036854775808 to 9223372036854775807";
    case FieldDescriptor::CPPTYPE_UINT64:
      return "a whole number from 0 to 18446744073709551615";
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "a number";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_STRING:
      return "a text in quotes";
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumValueList(*field.enum_type());
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return "";
  }
  return "";
}

std::vector<std::string> FieldNames(const Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(TextName(*type.field(i)));
  return names;
}

std::vector<std::string> EnumNames(const EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) names.push_back(type.value(i)->name());
  return names;
}

const FieldDescriptor* FindField(const Descriptor& type, const std::string& name) {
  if (absl::StartsWith(name, "[") && absl::EndsWith(name, "]")) {
    return type.file()->pool()->FindExtensionByPrintableName(&type,
                                                             name.substr(1, name.size() - 2));
  }
  const FieldDescriptor* field = type.FindFieldByName(name);
  if (field == nullptr) field = type.FindFieldByLowercaseName(absl::AsciiStrToLower(name));
  return field != nullptr && TextName(*field) == name ? field : nullptr;
}

// One call of ParseStrictly.
class Session {
 public:
  Session(Outline* outline, int block, const Descriptor* type, const Outline::Report& report)
      : outline_(*outline), block_(block), type_(type), report_(report) {
    const Block& bounds = outline_.block(block);
    begin_ = bounds.open < 0 ? 0 : outline_.token(bounds.open).end;
    end_ = outline_.token(bounds.close).begin;
    if (bounds.open >= 0) {
      line_ = outline_.token(bounds.open).line;
      column_ = outline_.token(bounds.open).column + 1;
    }
    // Only so far that tabs come out the same.
    indent_ = column_ % 8;
    text_ = std::string(static_cast<size_t>(indent_), ' ');
    absl::StrAppend(&text_, outline_.text().substr(begin_, end_ - begin_));
  }

  void Blank(size_t begin, size_t end) {
    for (size_t offset = begin; offset < end; ++offset) {
      char& c = text_[offset - begin_ + static_cast<size_t>(indent_)];
      if (c != '\n' && c != '\t') c = ' ';
    }
  }

  std::vector<int> Run(google::protobuf::Message* message) {
    for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
      Collector collector(line_, column_, indent_);
      TextFormat::Parser parser;
      parser.AllowPartialMessage(true);
      parser.AllowUnknownField(true);
      parser.SetRecursionLimit(Outline::kMaxDepth + 1);
      parser.RecordErrorsTo(&collector);
      google::protobuf::io::ArrayInputStream stream(text_.data(), static_cast<int>(text_.size()));
      const bool parsed = parser.Parse(&stream, message);
      for (const ParserMessage& warning : collector.warnings()) TakeUnknownField(warning);
      if (parsed || !SetAside(collector)) break;
    }
    return {mistakes_.begin(), mistakes_.end()};
  }

 private:
  // The message type that a statement stands in, if known.
  const Descriptor* TypeAround(int statement) const {
    std::vector<int> chain;
    int block = outline_.statement(statement).block;
    while (block != block_ && outline_.block(block).statement >= 0) {
      chain.push_back(outline_.block(block).statement);
      block = outline_.statement(chain.back()).block;
    }
    const Descriptor* type = type_;
    for (auto it = chain.rbegin(); it != chain.rend() && type != nullptr; ++it) {
      const FieldDescriptor* field = FindField(*type, outline_.StatementName(*it));
      type = field == nullptr ? nullptr : field->message_type();
    }
    return type;
  }

  void Report(int token, std::string sentence) {
    mistakes_.insert(token);
    report_(outline_.token(token).begin, std::move(sentence));
  }

  void TakeUnknownField(const ParserMessage& warning) {
    if (absl::StrContains(warning.text, "deprecated field")) return;
    const int statement = StatementAt(outline_.TokenBefore(warning.line, warning.column));
    if (statement < 0) return;
    const int token = outline_.statement(statement).first;
    // Said already, in an attempt before this one.
    if (!unknown_.insert(token).second) return;
    const Descriptor* type = TypeAround(statement);
    const std::string name = outline_.StatementName(statement);
    Report(token, type == nullptr ? absl::StrCat("unknown field ", Quoted(name))
                                  : absl::StrCat(type->full_name(), " has no field ", Quoted(name),
                                                 DidYouMean(name, FieldNames(*type))));
    outline_.Remove(statement);
  }

  // The innermost statement of a token, if inside of the block that is parsed.
  int StatementAt(int token) const {
    const int statement = outline_.token(token).statement;
    if (statement < 0) return -1;
    const size_t begin = outline_.StatementOffset(statement);
    return begin >= begin_ && begin < end_ ? statement : -1;
  }

  // Reports what stopped the parser and blanks the statement; false if there is
  // nothing to take out.
  bool SetAside(const Collector& collector) {
    if (collector.errors().empty()) return false;
    const ParserMessage& error = collector.errors().front();
    // These are found out when the parser has read on already.
    const bool behind = absl::StartsWith(error.text, "Invalid value for boolean") ||
                        absl::StartsWith(error.text, "Unknown enumeration value") ||
                        absl::StartsWith(error.text, "Non-repeated field") ||
                        absl::StartsWith(error.text, "Field \"");
    const int token = behind ? outline_.TokenBefore(error.line, error.column)
                             : outline_.TokenFrom(error.line, error.column);
    int statement = StatementAt(token);
    // A name that nothing follows misses what stands where the next statement begins.
    if (const int before = token > 0 ? StatementAt(token - 1) : -1;
        before >= 0 && outline_.statement(before).name_end == token) {
      statement = before;
    }
    // Of a field that there is not it does not matter what it lacks.
    const bool unknown = statement >= 0 && unknown_.count(outline_.statement(statement).first) > 0;
    if (!unknown) Report(token, Sentence(error.text, token, statement));
    if (statement < 0 || !blanked_.insert(statement).second) return false;
    const Statement& bounds = outline_.statement(statement);
    Blank(outline_.token(bounds.first).begin, outline_.token(bounds.end).begin);
    outline_.Remove(statement);
    return true;
  }

  std::string Found(int token) const {
    const std::string_view text = outline_.TokenText(token);
    if (text.empty()) return "the end of the file";
    if (outline_.token(token).type != Tokenizer::TYPE_STRING) return Quoted(text);
    return absl::StrCat("the text ", Quoted(text.substr(1, text.size() - 2)));
  }

  std::string Sentence(const std::string& parser_text, int token, int statement) const {
    const Descriptor* type = statement < 0 ? nullptr : TypeAround(statement);
    const FieldDescriptor* field =
        type == nullptr ? nullptr : FindField(*type, outline_.StatementName(statement));
    if (field == nullptr) return GeneralSentence(parser_text, token);
    const std::string name = Quoted(TextName(*field));
    if (absl::StartsWith(parser_text, "Non-repeated field")) {
      return absl::StrCat(name, " is given a second time; it takes one value");
    }
    if (absl::StartsWith(parser_text, "Field \"")) {
      const std::vector<std::string> parts = absl::StrSplit(parser_text, '"');
      return absl::StrCat(name, " cannot stand beside ", Quoted(parts.size() > 3 ? parts[3] : ""),
                          ": give one of them");
    }
    const int name_end = outline_.statement(statement).name_end;
    if (token == name_end) {
      const bool block = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
      return absl::StrCat("expected ", block ? "'{'" : "':'", " after ", name, ", found ",
                          Found(token));
    }
    const std::string kind = ValueKind(*field);
    if (kind.empty() || !IsInValue(token)) {
      return GeneralSentence(parser_text, token);
    }
    const std::string hint =
        field->type() == FieldDescriptor::TYPE_ENUM
            ? DidYouMean(outline_.TokenText(token), EnumNames(*field->enum_type()))
            : "";
    return absl::StrCat(name, " must be ", kind, "; found ", Found(token), hint);
  }

  // Whether a value, or the rest of one, should be at the token.
  bool IsInValue(int token) const {
    const std::string_view before = token > 0 ? outline_.TokenText(token - 1) : "";
    return before == ":" || before == "[" || before == "," || before == "-";
  }

  // Where the field does not matter or is not known.
  std::string GeneralSentence(const std::string& parser_text, int token) const {
    if (absl::StartsWith(parser_text, "Expected identifier")) {
      return absl::StrCat("expected the name of a field, found ", Found(token));
    }
    if (absl::StartsWith(parser_text, "Cannot skip field value")) {
      return absl::StrCat("expected a value, found ", Found(token));
    }
    if (absl::StartsWith(parser_text, "Expected \"")) {
      const std::vector<std::string> parts = absl::StrSplit(parser_text, '"');
      return absl::StrCat("expected ", Quoted(parts[1]), ", found ", Found(token));
    }
    std::string sentence(absl::StripSuffix(parser_text, "."));
    if (!sentence.empty()) sentence[0] = absl::ascii_tolower(sentence[0]);
    return sentence;
  }

  Outline& outline_;
  const int block_;
  const Descriptor* const type_;
  const Outline::Report& report_;
  size_t begin_ = 0, end_ = 0;  // bytes of the outline's text
  int line_ = 0, column_ = 0;   // of begin_
  int indent_ = 0;
  std::string text_;        // what is parsed: as many spaces, and those bytes
  std::set<int> mistakes_;  // tokens
  std::set<int> unknown_;   // tokens
  std::set<int> blanked_;   // statements
};

}  // namespace

std::vector<int> ParseStrictly(Outline* outline, int block, const std::vector<int>& opaque,
                               google::protobuf::Message* message, const Outline::Report& report) {
  Session session(outline, block, message->GetDescriptor(), report);
  for (const int inside : opaque) {
    const Block& bounds = outline->block(inside);
    session.Blank(outline->token(bounds.open).end, outline->token(bounds.close).begin);
  }
  return session.Run(message);
}

std::string TextName(const FieldDescriptor& field) {
  if (field.is_extension()) return absl::StrCat("[", field.PrintableNameForExtension(), "]");
  if (field.type() == FieldDescriptor::TYPE_GROUP) return field.message_type()->name();
  return field.name();
}

std::string EnumValueList(const EnumDescriptor& type) {
  constexpr int kMaxListed = 16;
  std::string list;
  for (int i = 0; i < type.value_count(); ++i) {
    if (i == kMaxListed) return absl::StrCat(list, " and ", type.value_count() - i, " more");
    const bool last = i + 1 == type.value_count();
    absl::StrAppend(&list, i == 0 ? "" : last ? " or " : ", ", type.value(i)->name());
  }
  return list;
}

}  // namespace weir::config
