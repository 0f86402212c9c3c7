// SPDX-License-Identifier: Apache-2.0
#include "transforms/filter/expression.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "transforms/filter/tokens.h"

namespace weir::transforms {
namespace {

constexpr char kOperators[] = "==, !=, <, <=, >, >=, in, not in";

// A recursive descent parser, with a depth of at most kMaxExpressionDepth. Functions return false
// at the first error, which is then in message().
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), tokens_(text), token_(tokens_.Next()) {}

  bool ParseAll(Expression* out) {
    if (token_.kind == Token::Kind::kEnd) return Fail("expected a test, as in dst_port == 443");
    if (!ParseOr(out)) return false;
    if (token_.kind == Token::Kind::kEnd) return true;
    return Fail(absl::StrCat("expected and, or, or the end, found ", token_.Name()));
  }

  const std::string& message() const { return message_; }

 private:
  bool ParseOr(Expression* out) {
    return ParseChain(Expression::Kind::kOr, &Parser::ParseAnd, out);
  }
  bool ParseAnd(Expression* out) {
    return ParseChain(Expression::Kind::kAnd, &Parser::ParseTerm, out);
  }

  // One or more parts, separated by the word of `kind`.
  bool ParseChain(Expression::Kind kind, bool (Parser::*parse_part)(Expression*), Expression* out) {
    const bool is_and = kind == Expression::Kind::kAnd;
    std::vector<Expression> parts;
    do {
      Expression part;
      if (!(this->*parse_part)(&part)) return false;
      if (part.kind == kind) {  // in redundant parentheses
        std::move(part.children.begin(), part.children.end(), std::back_inserter(parts));
      } else {
        parts.push_back(std::move(part));
      }
    } while (is_and ? Take("and", "&&") : Take("or", "||"));
    if (parts.size() == 1) {
      Expression only = std::move(parts.front());
      *out = std::move(only);
    } else {
      out->kind = kind;
      out->children = std::move(parts);
    }
    return true;
  }

  bool ParseTerm(Expression* out) {
    const bool is_not = token_.IsWord("not") || token_.IsSign("!");
    if (!is_not && !token_.IsSign("(")) return ParseTest(out);
    if (depth_ == kMaxExpressionDepth) {
      return Fail(absl::StrCat("not and ( stand within each other more than ", kMaxExpressionDepth,
                               " deep"));
    }
    ++depth_;
    Advance();
    if (is_not) {
      out->kind = Expression::Kind::kNot;
      if (!ParseTerm(&out->children.emplace_back())) return false;
    } else {
      if (!ParseOr(out)) return false;
      if (!token_.IsSign(")")) {
        return Fail(absl::StrCat("expected and, or, or ), found ", token_.Name()));
      }
      Advance();
    }
    --depth_;
    return true;
  }

  bool ParseTest(Expression* out) {
    if (token_.kind != Token::Kind::kWord || IsKeyword()) {
      return Fail(absl::StrCat("expected a field, not or (, found ", token_.Name()));
    }
    Test& test = out->test;
    test.field = FindField(token_.text);
    if (test.field == nullptr) return Fail(NoSuchField(token_.text));
    if (++tests_ > kMaxExpressionTests) {
      return Fail(absl::StrCat("there are more than ", kMaxExpressionTests, " tests"));
    }
    Advance();
    if (Take("==", "=")) return ParseValues(&test);
    if (Take("any", {})) return ParseFlags(Operator::kAny, &test);
    if (Take("all", {})) return ParseFlags(Operator::kAll, &test);
    for (const std::string_view sign : {"<", "<=", ">", ">="}) {
      if (token_.IsSign(sign)) return ParseOrder(sign, &test);
    }
    if (Take("!=", "<>")) {
      test.op = Operator::kNotIn;
      return ParseValues(&test);
    }
    if (Take("not", {})) {
      test.op = Operator::kNotIn;
      if (!token_.IsWord("in")) return Fail(absl::StrCat("expected in, found ", token_.Name()));
    }
    if (Take("in", {})) return ParseValues(&test);
    return Fail(absl::StrCat("expected ", kOperators, test.field->is_flags ? ", any or all" : "",
                             " behind ", test.field->name, ", found ", token_.Name()));
  }

  bool ParseValues(Test* test) {
    if (!token_.IsSign("(")) {
      if (!ParseValue(test)) return false;
    } else {
      do {
        Advance();
        if (!ParseValue(test)) return false;
      } while (token_.IsSign(","));
      if (!token_.IsSign(")")) {
        return Fail(absl::StrCat("expected , or ), found ", token_.Name()));
      }
      Advance();
    }
    Normalize(&test->values);
    return true;
  }

  bool ParseValue(Test* test) {
    const bool is_value = token_.kind == Token::Kind::kWord || token_.kind == Token::Kind::kQuoted;
    if (!is_value) {
      return Fail(absl::StrCat("expected ", test->field->value, ", found ", token_.Name()));
    }
    std::string why;
    if (!AddValue(*test->field, token_.text, &test->values, &why)) return Fail(why);
    Advance();
    return true;
  }

  // Values whose bits are combined.
  bool ParseFlags(Operator op, Test* test) {
    test->op = op;
    const Token first = token_;
    if (!test->field->is_flags) {
      return Fail(absl::StrCat("any and all are for tcp_flags; behind ", test->field->name,
                               " stands ", kOperators));
    }
    if (!ParseValues(test)) return false;
    uint64_t bits = 0;
    for (const NumberRange& range : test->values.numbers) {
      for (uint64_t value = range.first; value <= range.last; ++value) bits |= value;
    }
    if (bits == 0) return FailAt(first, "expected one flag or more, found none");
    test->values.numbers = {{bits, bits}};
    return true;
  }

  // Converts a comparison such as "<" to a range.
  bool ParseOrder(std::string_view sign, Test* test) {
    const Field& field = *test->field;
    if (field.kind == FieldKind::kAddress || field.kind == FieldKind::kMac ||
        field.kind == FieldKind::kName) {
      return Fail(absl::StrCat(field.name, " has no order: it is compared by ==, !=, in, not in"));
    }
    Advance();
    const Token value = token_;
    if (!ParseValue(test)) return false;
    const NumberRange given = test->values.numbers.front();
    if (given.first != given.last) {
      return FailAt(value, absl::StrCat("expected one value behind ", sign, ", found a range"));
    }
    const bool below = sign[0] == '<';
    const bool itself = sign.size() == 2;
    if (!itself && given.first == (below ? 0 : field.max)) {
      return FailAt(value, absl::StrCat("no ", field.name, " is ", below ? "less" : "more",
                                        " than ", given.first));
    }
    const uint64_t step = itself ? 0 : 1;
    test->values.numbers = {below ? NumberRange{0, given.first - step}
                                  : NumberRange{given.first + step, field.max}};
    return true;
  }

  bool IsKeyword() const {
    for (const std::string_view word : {"and", "or", "not", "in", "any", "all"}) {
      if (token_.IsWord(word)) return true;
    }
    return false;
  }

  void Advance() { token_ = tokens_.Next(); }
  // Takes the next token if it is one of these two words or signs.
  bool Take(std::string_view one, std::string_view other) {
    const bool found = token_.IsWord(one) || token_.IsSign(one) || token_.IsSign(other);
    if (found) Advance();
    return found;
  }
  bool Fail(std::string_view sentence) { return FailAt(token_, sentence); }
  bool FailAt(const Token& token, std::string_view sentence) {
    message_ = MessageAt(text_, token.offset, sentence);
    return false;
  }

  const std::string_view text_;
  Tokenizer tokens_;
  Token token_;  // the next token
  size_t depth_ = 0;
  size_t tests_ = 0;
  std::string message_;
};

void AppendTest(const Test& test, std::string* out) {
  const bool one = Count(test.values) == 1;
  const std::string_view op = test.op == Operator::kAny   ? "any"
                              : test.op == Operator::kAll ? "all"
                              : test.op == Operator::kIn  ? (one ? "==" : "in")
                                                          : (one ? "!=" : "not in");
  absl::StrAppend(out, test.field->name, " ", op, " ", one ? "" : "(",
                  ValuesText(*test.field, test.values), one ? "" : ")");
}

void AppendText(const Expression& expression, std::string* out) {
  switch (expression.kind) {
    case Expression::Kind::kTest:
      return AppendTest(expression.test, out);
    case Expression::Kind::kNot:
      out->append("not ");
      break;
    case Expression::Kind::kAnd:
    case Expression::Kind::kOr:
      break;
  }
  const std::string_view between = expression.kind == Expression::Kind::kAnd ? " and " : " or ";
  bool first = true;
  for (const Expression& child : expression.children) {
    if (!std::exchange(first, false)) out->append(between);
    const bool enclosed =
        child.kind == Expression::Kind::kOr ||
        (child.kind == Expression::Kind::kAnd && expression.kind == Expression::Kind::kNot);
    if (enclosed) out->push_back('(');
    AppendText(child, out);
    if (enclosed) out->push_back(')');
  }
}

}  // namespace

sdk::Result<Expression> ParseExpression(std::string_view text) {
  if (text.size() > kMaxExpressionBytes) {
    return sdk::Status(
        WEIR_INVALID_ARGUMENT,
        absl::StrCat("has ", text.size(), " bytes; it may have ", kMaxExpressionBytes));
  }
  Parser parser(text);
  Expression expression;
  if (!parser.ParseAll(&expression)) return sdk::Status(WEIR_INVALID_ARGUMENT, parser.message());
  return expression;
}

std::string ExpressionText(const Expression& expression) {
  std::string text;
  AppendText(expression, &text);
  return text;
}

}  // namespace weir::transforms
