// SPDX-License-Identifier: Apache-2.0

#include "absl/strings/str_cat.h"
#include "third_party/smoke/smoke.pb.h"

int g_registered = 0;

namespace {

// Generated protobuf inside of the plugin, used before its entry point is called.
struct Registration {
  Registration() {
    weir::smoke::Smoke smoke;
    smoke.set_name(absl::StrCat("component ", 1));
    g_registered = static_cast<int>(smoke.name().size());
  }
} g_registration;

}  // namespace
