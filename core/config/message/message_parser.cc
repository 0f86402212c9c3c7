// SPDX-License-Identifier: Apache-2.0
#include "core/config/message/message_parser.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/config/message/scalar_value.h"
#include "core/config/message/wire_format.h"
#include "core/config/schema/field_names.h"
#include "core/config/text/diagnostics.h"
#include "core/config/text/token_text.h"
#include "core/suggestion/suggestion.h"
#include "google/protobuf/descriptor.h"

namespace weir::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;

// True for `host.part/some.Message`: words with dots between them, and one slash.
bool IsTypeUrl(std::string_view url) {
  const auto is_word = [](std::string_view word) {
    return !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
      return absl::ascii_isalnum(c) || c == '_';
    });
  };
  const std::vector<std::string_view> parts = absl::StrSplit(url, '/');
  return parts.size() == 2 && std::all_of(parts.begin(), parts.end(), [&](std::string_view part) {
           const std::vector<std::string_view> words = absl::StrSplit(part, '.');
           return std::all_of(words.begin(), words.end(), is_word);
         });
}

// One call of ParseMessage.
class Parser {
 public:
  Parser(Outline* outline, const std::vector<int>& opaque, const MistakeReport& report)
      : outline_(*outline), opaque_(opaque.begin(), opaque.end()), report_(report) {}

  // The depth of the outline bounds the recursion.
  void ParseBlock(int block, Message* message) {
    if (opaque_.contains(block)) return;
    Given given;
    // By index: Remove leaves the list as it is.
    for (size_t i = 0; i < outline_.block(block).statements.size(); ++i) {
      const int statement = outline_.block(block).statements[i];
      if (IsAnyValue(statement, *message)) {
        ParseAny(statement, message);
      } else {
        ParseStatement(statement, message, &given);
      }
    }
  }

  std::vector<int> TakeMistakes() const { return {mistakes_.begin(), mistakes_.end()}; }

 private:
  // What a block has so far.
  struct Given {
    absl::flat_hash_set<const FieldDescriptor*> fields;
    absl::flat_hash_map<const OneofDescriptor*, const FieldDescriptor*> oneofs;
  };

  std::string_view Text(int token) const { return outline_.TokenText(token); }

  std::string Found(int token) const { return FoundToken(outline_.text(), outline_.token(token)); }

  void Mistake(int token, std::string sentence) {
    mistakes_.insert(token);
    report_(outline_.token(token).begin, std::move(sentence));
  }

  void ParseStatement(int index, Message* message, Given* given) {
    const Statement statement = outline_.statement(index);
    if (IsConsequence(statement, *message->GetDescriptor())) return outline_.Remove(index);
    if (const int semicolon = CommentBegin(statement); semicolon >= 0) {
      Mistake(semicolon, "a comment begins with '#', not with ';'");
      comment_end_ = LineEnd(semicolon);
      return outline_.Remove(index);
    }
    if (statement.name_end == statement.first) {
      Mistake(statement.first,
              absl::StrCat("expected the name of a field, found ", Found(statement.first)));
      return outline_.Remove(index);
    }
    const std::string name = outline_.StatementName(index);
    const Descriptor& type = *message->GetDescriptor();
    const FieldDescriptor* field = FindField(type, name);
    if (outline_.token(statement.first).kind == TokenKind::kString) {
      ReportQuotedName(statement.first, type);
      return outline_.Remove(index);
    }
    if (field == nullptr) {
      ReportUnknownField(statement.first, name, type);
      return outline_.Remove(index);
    }
    if (!CheckGiven(*field, statement.first, given)) return outline_.Remove(index);
    if (!ParseValues(statement, *field, message)) {
      wrong_value_end_ = statement.end;
      outline_.Remove(index);
    }
  }

  void ReportQuotedName(int token, const Descriptor& type) {
    const std::string_view text = Text(token);
    const std::string name(text.substr(1, text.size() - 2));
    if (FindField(type, name) == nullptr) return ReportUnknownField(token, name, type);
    Mistake(token, absl::StrCat("the name of a field has no quotes; write ", name));
  }

  void ReportUnknownField(int token, const std::string& name, const Descriptor& type) {
    Mistake(token, absl::StrCat(type.full_name(), " has no field ", Quoted(name),
                                DidYouMean(name, FieldNames(type))));
  }

  // True for a statement that follows from a mistake before it: the `f {` of `source f {`, the `b`
  // of `path: a b`, or the rest of a line that is meant as a comment.
  bool IsConsequence(const Statement& statement, const Descriptor& type) {
    if (outline_.token(statement.first).begin < comment_end_) return true;
    const bool lacks_value = std::exchange(lacks_value_end_, -1) == statement.first;
    const bool is_wrong = std::exchange(wrong_value_end_, -1) == statement.first;
    if (!lacks_value && !is_wrong) return false;
    if (outline_.token(statement.first).kind != TokenKind::kWord) return false;
    if (FindField(type, std::string(Text(statement.first))) != nullptr) return false;
    if (lacks_value) {
      const int value = statement.name_end + (Text(statement.name_end) == ":" ? 1 : 0);
      return outline_.BlockOpenedBy(value) >= 0;
    }
    const bool is_bare = (statement.name_end == statement.end ||
                          outline_.token(statement.name_end).kind == TokenKind::kWord) &&
                         IsOnLineOf(statement.first, statement.first - 1);
    if (is_bare) wrong_value_end_ = statement.end;
    return is_bare;
  }

  // Returns the ';' that begins a line like a comment, before or in the statement, or -1.
  int CommentBegin(const Statement& statement) const {
    const int semicolon = Text(statement.first) == ";" ? statement.first : statement.first - 1;
    if (semicolon < 0 || Text(semicolon) != ";") return -1;
    const int next = semicolon + 1;
    const bool first_in_line = semicolon == 0 || !IsOnLineOf(semicolon, semicolon - 1);
    if (!first_in_line || outline_.token(next).kind != TokenKind::kWord) return -1;
    if (!IsOnLineOf(next, semicolon)) return -1;
    // Elsewhere a ';' separates two fields.
    const std::string_view after = Text(next + 1);
    const bool is_field = after == ":" || after == "{" || after == "<" || after == "[";
    return is_field ? -1 : semicolon;
  }

  size_t LineEnd(int token) const {
    return std::min(outline_.text().find('\n', outline_.token(token).begin),
                    outline_.text().size());
  }

  // True if `token` is on the line of the earlier token `before`.
  bool IsOnLineOf(int token, int before) const {
    const size_t end = outline_.token(before).end;
    return !absl::StrContains(outline_.text().substr(end, outline_.token(token).begin - end), '\n');
  }

  bool CheckGiven(const FieldDescriptor& field, int token, Given* given) {
    const std::string name = Quoted(TextName(field));
    if (!given->fields.insert(&field).second && !field.is_repeated()) {
      Mistake(token, absl::StrCat(name, " is given a second time; it takes one value"));
      return false;
    }
    if (field.real_containing_oneof() == nullptr) return true;
    const auto [other, is_new] = given->oneofs.emplace(field.real_containing_oneof(), &field);
    if (is_new) return true;
    Mistake(token, absl::StrCat(name, " cannot be used together with ",
                                Quoted(TextName(*other->second)), ": give one of them"));
    return false;
  }

  // Returns false, with `message` unchanged, if a value is wrong.
  bool ParseValues(const Statement& statement, const FieldDescriptor& field, Message* message) {
    const bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    int at = statement.name_end;
    if (at < statement.end && Text(at) == ":") {
      ++at;
    } else if (!is_message) {
      return Expect("':'", field, at);
    } else if (at == statement.end) {
      lacks_value_end_ = at;
      return ExpectBlock(field, at);
    }
    const int before =
        field.is_repeated() ? message->GetReflection()->FieldSize(*message, &field) : 0;
    at = Text(at) == "[" ? ParseList(at, statement, field, message)
                         : ParseValue(at, statement, field, message);
    if (at < 0) {
      if (field.is_repeated()) Restore(before, field, message);
      return false;
    }
    if (at < statement.end && (Text(at) == "," || Text(at) == ";")) ++at;
    if (at == statement.end) return true;
    const bool comma = Text(at - 1) == ",";
    if (IsThousands(at) && (comma || !field.is_repeated())) {
      ReportThousands(at, statement);
    } else if (field.is_repeated() && IsListWithoutBrackets(statement)) {
      Mistake(at, absl::StrCat(Quoted(TextName(field)), " takes several values as a list; write ",
                               InBrackets(statement.name_end + 1, statement, field)));
    } else {
      Mistake(at, absl::StrCat("expected the name of a field, found ", Found(at)));
      return true;
    }
    Restore(before, field, message);
    return false;
  }

  // True at the 000 of `1,000` and of `1 000`.
  bool IsThousands(int at) const {
    const auto is_number = [this](int token) {
      return outline_.token(token).kind == TokenKind::kNumber;
    };
    const auto glued = [this](int token) {
      return outline_.token(token).begin == outline_.token(token - 1).end;
    };
    if (!is_number(at) || Text(at).size() != 3) return false;
    if (is_number(at - 1)) return IsOnLineOf(at, at - 1);
    return Text(at - 1) == "," && glued(at) && glued(at - 1) && is_number(at - 2);
  }

  void ReportThousands(int at, const Statement& statement) {
    const bool comma = Text(at - 1) == ",";
    const int step = comma ? 2 : 1;
    std::string number = absl::StrCat(Text(at - step), Text(at));
    for (int next = at + step; next < statement.end && IsThousands(next); next += step) {
      absl::StrAppend(&number, Text(next));
    }
    Mistake(at - 1,
            absl::StrCat("a number has no ", comma ? "commas" : "spaces", "; write ", number));
  }

  bool IsStringOrNumber(int token) const {
    const TokenKind kind = outline_.token(token).kind;
    return kind == TokenKind::kString || kind == TokenKind::kNumber;
  }

  // True for `name: "a", "b"`.
  bool IsListWithoutBrackets(const Statement& statement) const {
    for (int token = statement.name_end + 1; token < statement.end; ++token) {
      const bool wants_value = (token - statement.name_end) % 2 == 1;
      if (wants_value ? !IsStringOrNumber(token) : Text(token) != ",") return false;
    }
    return true;
  }

  // The values of the statement from the token `begin` on, as in the file.
  std::string ValuesFrom(int begin, const Statement& statement) const {
    constexpr size_t kMostValues = 8;
    constexpr size_t kMostBytes = 64;  // of one value
    std::vector<std::string> values;
    for (int token = begin; token < statement.end; ++token) {
      if (Text(token) == ",") continue;
      if (!IsStringOrNumber(token)) break;
      if (values.size() == kMostValues || Text(token).size() > kMostBytes) {
        values.emplace_back("...");
        break;
      }
      values.push_back(outline_.Written(outline_.token(token).begin, Text(token).size()));
    }
    return absl::StrJoin(values, ", ");
  }

  std::string InBrackets(int begin, const Statement& statement,
                         const FieldDescriptor& field) const {
    return absl::StrCat(TextName(field), ": [", ValuesFrom(begin, statement), "]");
  }

  bool Expect(std::string_view what, const FieldDescriptor& field, int token) {
    Mistake(token, absl::StrCat("expected ", what, " after ", Quoted(TextName(field)), ", found ",
                                Found(token)));
    return false;
  }

  // For a name before the block, as in `source flows {`, says where it goes. Returns false.
  bool ExpectBlock(const FieldDescriptor& field, int token) {
    const std::string name = TextName(field);
    const std::string found(Text(token));
    const bool is_text = outline_.token(token).kind == TokenKind::kString;
    const bool is_name = is_text || (outline_.token(token).kind == TokenKind::kWord &&
                                     FindField(*field.containing_type(), found) == nullptr);
    const bool has_name = field.message_type()->FindFieldByName("name") != nullptr;
    const std::string_view quote = is_text ? "" : "\"";
    Mistake(token, absl::StrCat("expected '{' after ", Quoted(name), ", found ", Found(token),
                                is_name && has_name ? absl::StrCat("; write ", name, " { name: ",
                                                                   quote, found, quote, " ... }")
                                                    : ""));
    return false;
  }

  // `size` is of a repeated field.
  static void Restore(int size, const FieldDescriptor& field, Message* message) {
    const Reflection& reflection = *message->GetReflection();
    if (!field.is_repeated()) return reflection.ClearField(message, &field);
    while (reflection.FieldSize(*message, &field) > size) reflection.RemoveLast(message, &field);
  }

  // Returns the token behind the ']', or -1 after a mistake.
  int ParseList(int at, const Statement& statement, const FieldDescriptor& field,
                Message* message) {
    if (!field.is_repeated()) {
      Mistake(at, absl::StrCat(Quoted(TextName(field)), " takes one value, not a list"));
      return -1;
    }
    ++at;
    if (at < statement.end && Text(at) == "]") return at + 1;
    while (true) {
      at = ParseValue(at, statement, field, message);
      if (at < 0) return -1;
      const std::string_view text = at < statement.end ? Text(at) : "";
      if (text == "]") return at + 1;
      if (text != ",") {
        Mistake(at, absl::StrCat("expected ',' or ']' in the list of ", Quoted(TextName(field)),
                                 ", found ", Found(at)));
        return -1;
      }
      ++at;
      if (at < statement.end && Text(at) == "]") {
        Mistake(at - 1, absl::StrCat("the list of ", Quoted(TextName(field)),
                                     " ends with a ','; remove it"));
        return -1;
      }
    }
  }

  // Returns the token behind the value, or -1 after a mistake.
  int ParseValue(int at, const Statement& statement, const FieldDescriptor& field,
                 Message* message) {
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      return ParseScalar(at, statement, field, message);
    }
    const int block = at < statement.end ? outline_.BlockOpenedBy(at) : -1;
    if (block < 0) return ExpectBlock(field, at) ? at : -1;
    const Reflection& reflection = *message->GetReflection();
    ParseBlock(block, field.is_repeated() ? reflection.AddMessage(message, &field)
                                          : reflection.MutableMessage(message, &field));
    return outline_.block(block).close + 1;
  }

  int ParseScalar(int at, const Statement& statement, const FieldDescriptor& field,
                  Message* message) {
    const int begin = at;
    ScalarText text;
    text.negative = at < statement.end && Text(at) == "-";
    if (text.negative) ++at;
    if (at < statement.end) text.kind = outline_.token(at).kind;
    if (text.kind == TokenKind::kString) {
      for (; at < statement.end && outline_.token(at).kind == TokenKind::kString; ++at) {
        text.parts.push_back(Text(at));
      }
    } else if (text.kind == TokenKind::kWord || text.kind == TokenKind::kNumber) {
      text.parts.push_back(Text(at++));
    }
    text.whole = GluedTokens(outline_.text(), outline_.tokens(), static_cast<size_t>(begin));
    text.written = outline_.Written(outline_.token(begin).begin, text.whole.size());
    if (const int missing = MissingComma(begin, at, field); missing >= 0) {
      ReportMissingComma(missing, begin, statement, field);
      return -1;
    }
    const std::string wrong = SetScalar(field, text, message);
    if (wrong.empty()) return at;
    Mistake(begin, wrong);
    return -1;
  }

  // Returns the text in [begin, end) that a ',' is missing before, or -1. Texts are joined only for
  // a field with one value, and if each is on a line of its own. protobuf joins all.
  int MissingComma(int begin, int end, const FieldDescriptor& field) const {
    if (field.type() != FieldDescriptor::TYPE_STRING) return -1;
    for (int token = begin + 1; token < end; ++token) {
      if (outline_.token(token - 1).kind != TokenKind::kString) continue;
      if (field.is_repeated() || IsOnLineOf(token, token - 1)) return token;
    }
    return -1;
  }

  void ReportMissingComma(int token, int begin, const Statement& statement,
                          const FieldDescriptor& field) {
    const std::string name = Quoted(TextName(field));
    if (!field.is_repeated()) {
      return Mistake(token,
                     absl::StrCat(name, " has several texts on one line; write one text, or ",
                                  "each text on a line of its own"));
    }
    const bool in_list = Text(statement.name_end + 1) == "[";
    Mistake(token, absl::StrCat(name, " has texts without a ',' between them; write ",
                                in_list ? ValuesFrom(begin, statement)
                                        : InBrackets(begin, statement, field)));
  }

  // True for `[host/message] { ... }` in a google.protobuf.Any.
  bool IsAnyValue(int statement, const Message& message) const {
    return message.GetDescriptor()->full_name() == "google.protobuf.Any" &&
           absl::StartsWith(outline_.StatementName(statement), "[");
  }

  void ParseAny(int index, Message* any) {
    const Statement statement = outline_.statement(index);
    const std::string name = outline_.StatementName(index);
    const std::string url = name.substr(1, name.size() - 2);
    const Descriptor& type = *any->GetDescriptor();
    const FieldDescriptor* const url_field = type.FindFieldByName("type_url");
    const FieldDescriptor* const value_field = type.FindFieldByName("value");
    const Descriptor* const inner =
        type.file()->pool()->FindMessageTypeByName(url.substr(url.rfind('/') + 1));
    std::string wrong;
    int at = statement.name_end;
    if (at < statement.end && Text(at) == ":") ++at;
    const int block = at < statement.end ? outline_.BlockOpenedBy(at) : -1;
    if (inner == nullptr || !IsTypeUrl(url) || url_field == nullptr || value_field == nullptr) {
      wrong = absl::StrCat("there is no message ", name);
    } else if (block < 0) {
      wrong = absl::StrCat(name, " must be followed by a block in braces");
    } else if (outline_.block(statement.block).statements.size() > 1) {
      wrong = absl::StrCat(name, " must be alone in its block");
    } else if (const int behind = outline_.block(block).close + 1; behind < statement.end) {
      Mistake(behind,
              absl::StrCat("expected '}' behind the block of ", name, ", found ", Found(behind)));
      return outline_.Remove(index);
    }
    if (!wrong.empty()) {
      Mistake(statement.first, std::move(wrong));
      return outline_.Remove(index);
    }
    const Reflection& reflection = *any->GetReflection();
    const std::unique_ptr<Message> value(
        reflection.GetMessageFactory()->GetPrototype(inner)->New());
    ParseBlock(block, value.get());
    reflection.SetString(any, url_field, url);
    reflection.SetString(any, value_field, ToWireFormat(*value));
  }

  Outline& outline_;
  const absl::flat_hash_set<int> opaque_;
  const MistakeReport& report_;
  std::set<int> mistakes_;    // tokens
  int lacks_value_end_ = -1;  // the token behind the last statement, if it lacks its value
  int wrong_value_end_ = -1;  // the same, if its value is wrong
  size_t comment_end_ = 0;    // the end of the last line that is meant as a comment
};

}  // namespace

std::vector<int> ParseMessage(Outline* outline, int block, const std::vector<int>& opaque,
                              google::protobuf::Message* message, const MistakeReport& report) {
  Parser parser(outline, opaque, report);
  parser.ParseBlock(block, message);
  return parser.TakeMistakes();
}

}  // namespace weir::config
