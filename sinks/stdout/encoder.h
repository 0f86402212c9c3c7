// SPDX-License-Identifier: Apache-2.0
// How records become text, apart from where the text goes.
#ifndef WEIR_SINKS_STDOUT_ENCODER_H_
#define WEIR_SINKS_STDOUT_ENCODER_H_

#include <string>

#include "core/record/json.h"
#include "core/record/record.h"

namespace weir::sinks {

// One thread.
class Encoder {
 public:
  virtual ~Encoder() = default;
  // Appends the record's lines, whole ones, each with its newline.
  virtual void Append(const Record& record, std::string* out) = 0;
};

class JsonEncoder : public Encoder {
 public:
  void Append(const Record& record, std::string* out) override {
    AppendJson(record, out);
    out->push_back('\n');
  }
};

}  // namespace weir::sinks

#endif  // WEIR_SINKS_STDOUT_ENCODER_H_
