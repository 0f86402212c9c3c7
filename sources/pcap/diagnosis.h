// SPDX-License-Identifier: Apache-2.0
// What `weir doctor` says of the captures that a configuration names.
#ifndef WEIR_SOURCES_PCAP_DIAGNOSIS_H_
#define WEIR_SOURCES_PCAP_DIAGNOSIS_H_

#include <string>
#include <vector>

#include "plugins/sdk/findings.h"

namespace weir::pcap {

// One finding for each path: MISSING if a run would refuse it at once. Reads the header of each
// file that is named itself, and of the files of a folder up to the first capture. If no path has a
// capture, one more finding says why the run fails. Opens no named pipe.
std::vector<sdk::Finding> DiagnoseCaptures(const std::vector<std::string>& paths);

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_DIAGNOSIS_H_
