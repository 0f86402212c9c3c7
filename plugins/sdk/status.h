// SPDX-License-Identifier: Apache-2.0
// Success or an error of a plugin: a code of the C boundary and a sentence.
//
// The SDK needs nothing but the standard library, so it has a status type of its
// own; absl::Status and absl::StatusOr turn into it by themselves.
#ifndef WEIR_PLUGINS_SDK_STATUS_H_
#define WEIR_PLUGINS_SDK_STATUS_H_

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "plugins/abi/weir_plugin.h"

namespace weir::sdk {

class [[nodiscard]] Status {
 public:
  Status() = default;  // success
  Status(weir_code code, std::string message) : code_(code), message_(std::move(message)) {}

  // From absl::Status, or any type of its shape whose codes are the same numbers.
  template <typename Other, typename = decltype(std::declval<const Other&>().raw_code(),
                                                std::declval<const Other&>().message())>
  Status(const Other& other)  // NOLINT(google-explicit-constructor): see above
      : code_(other.raw_code()), message_(other.message()) {}

  bool ok() const { return code_ == WEIR_OK; }
  weir_code code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  weir_code code_ = WEIR_OK;
  std::string message_;
};

inline Status OkStatus() { return {}; }

// A value, or why there is none. From absl::StatusOr too.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}          // NOLINT(google-explicit-constructor)
  Result(Status status) : status_(std::move(status)) {}  // NOLINT(google-explicit-constructor)
  template <typename Other, typename = decltype(std::declval<const Other&>().raw_code())>
  Result(const Other& status) : status_(status) {}  // NOLINT(google-explicit-constructor)
  template <typename Other, typename = decltype(std::declval<Other&&>().status()),
            typename = std::enable_if_t<!std::is_same_v<std::decay_t<Other>, Result>>,
            typename = void>
  Result(Other&& other) {  // NOLINT(google-explicit-constructor)
    if (other.ok()) {
      value_ = *std::forward<Other>(other);
    } else {
      status_ = other.status();
    }
  }

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  T& operator*() & { return *value_; }
  T&& operator*() && { return *std::move(value_); }
  T* operator->() { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_STATUS_H_
