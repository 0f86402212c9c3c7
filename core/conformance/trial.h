// SPDX-License-Identifier: Apache-2.0
// What a component is put through, in a process of its own for each.
#ifndef WEIR_CORE_CONFORMANCE_TRIAL_H_
#define WEIR_CORE_CONFORMANCE_TRIAL_H_

#include <string>

#include "core/config/schemas.h"
#include "core/isolation/steps.h"
#include "plugins/abi/weir_plugin.h"

namespace weir::conformance {

// A component with a configuration in wire format; all borrowed.
struct Subject {
  const weir_component& component;
  const std::string& plugin;  // the file it is from
  const config::Schema& schema;
  const std::string& config;
};

// Makes an instance and asks it how this machine suits it.
void TryDiagnosis(const Subject& subject, isolation::Steps* steps);

// Two instances, one after the other, from create to destroy with all that lies between;
// the second must leave the process as it found it.
void TryLives(const Subject& subject, isolation::Steps* steps);

// Two instances at once: what one gets and does must not show in the other.
void TryTwoAtOnce(const Subject& subject, isolation::Steps* steps);

// Configurations with which it cannot work: an error with a message or a calm life, but no
// crash.
void TryHopelessConfigurations(const Subject& subject, isolation::Steps* steps);

}  // namespace weir::conformance

#endif  // WEIR_CORE_CONFORMANCE_TRIAL_H_
