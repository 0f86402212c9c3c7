// SPDX-License-Identifier: Apache-2.0
// What a person means by a text that breaks the rules of its field. Functions without state: any
// thread.
#ifndef WEIR_CORE_CONFIG_SCHEMA_CURES_H_
#define WEIR_CORE_CONFIG_SCHEMA_CURES_H_

#include <string>
#include <string_view>
#include <vector>

#include "plugins/sdk/config_rules.pb.h"

namespace weir::config {

// Returns other forms of `value` that fit the kind of the field, the most likely first. The caller
// must check that the rules allow a form.
std::vector<std::string> OtherForms(std::string_view value, const FieldRules& rules);

// Returns the regular expression between slashes that a name such as eth*, ^eth or eth0|eth1 means.
// Returns an empty string if there is none.
std::string MeantRegex(std::string_view name);

// Returns a regular expression between slashes that matches `name` only.
std::string ExactRegex(std::string_view name);

// Returns the duration in weir's units that texts such as "7d", "5 sec" or "1 week" mean. Returns
// an empty string if there is none.
std::string MeantDuration(std::string_view text);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_SCHEMA_CURES_H_
