// SPDX-License-Identifier: Apache-2.0
// Status: success, or an error code of the plugin interface with a message. Result: a value or an
// error.
//
// The SDK needs only the standard library, so it has its own types. absl::Status and
// absl::StatusOr convert to them implicitly.
#ifndef WEIR_PLUGINS_SDK_STATUS_H_
#define WEIR_PLUGINS_SDK_STATUS_H_

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "plugins/abi/weir_plugin.h"

namespace weir::sdk {

// A value. Thread-compatible.
class [[nodiscard]] Status {
 public:
  Status() = default;  // success
  Status(weir_code code, std::string message) : code_(code), message_(std::move(message)) {}

  // Converts absl::Status, or another type with raw_code() and message() and the same codes.
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

// A value, or the status that says why there is none. Converts absl::StatusOr. Use the value only
// if ok(). Thread-compatible.
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
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return *std::move(value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_STATUS_H_
