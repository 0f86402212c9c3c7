// SPDX-License-Identifier: Apache-2.0
// Findings: what a component reports to `weir doctor` about the machine.
#ifndef WEIR_PLUGINS_SDK_FINDINGS_H_
#define WEIR_PLUGINS_SDK_FINDINGS_H_

#include <string>
#include <vector>

#include "plugins/abi/weir_plugin.h"
#include "plugins/sdk/stage.h"

namespace weir::sdk {

// One requirement of a stage, and how this machine meets it.
struct Finding {
  weir_finding_severity severity = WEIR_FINDING_OK;
  std::string subject;  // the requirement in a few words, such as "ring buffer"
  std::string text;     // a sentence: the state, and its cost or its cure
};

// Takes findings. Valid during Diagnose only, on its thread.
class Findings {
 public:
  Findings(const weir_host* host, weir_findings* findings) : host_(host), findings_(findings) {}

  void Add(const Finding& finding) const {
    const weir_finding row = {sizeof(row), finding.severity, ToAbi(finding.subject),
                              ToAbi(finding.text)};
    host_->finding_add(findings_, &row);
  }
  void Add(const std::vector<Finding>& findings) const {
    for (const Finding& finding : findings) Add(finding);
  }

 private:
  const weir_host* const host_;
  weir_findings* const findings_;
};

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_FINDINGS_H_
