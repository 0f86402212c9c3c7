// SPDX-License-Identifier: Apache-2.0
// The trials of a component. Each runs in a process of its own.
#ifndef WEIR_CORE_CONFORMANCE_TRIAL_H_
#define WEIR_CORE_CONFORMANCE_TRIAL_H_

#include <string>

#include "core/config/schema/schemas.h"
#include "core/isolation/steps.h"
#include "plugins/abi/weir_plugin.h"

namespace weir::conformance {

// A component and its configuration in wire format. Owns nothing.
struct Subject {
  const weir_component& component;
  const std::string& plugin;  // the path of its file
  const config::Schema& schema;
  const std::string& config;
};

// Makes an instance and calls diagnose.
void TryDiagnosis(const Subject& subject, isolation::Steps* steps);

// Runs two instances, one after the other, from create to destroy. The second must leave no
// thread, batch or file descriptor behind.
void TryLives(const Subject& subject, isolation::Steps* steps);

// Runs two instances at once: neither may affect the other.
void TryTwoAtOnce(const Subject& subject, isolation::Steps* steps);

// Runs an instance with configurations that cannot work. It must either work or fail with a
// message, but not crash.
void TryHopelessConfigurations(const Subject& subject, isolation::Steps* steps);

}  // namespace weir::conformance

#endif  // WEIR_CORE_CONFORMANCE_TRIAL_H_
