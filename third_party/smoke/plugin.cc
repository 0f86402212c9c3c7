// SPDX-License-Identifier: Apache-2.0
#include "third_party/smoke/smoke.descriptors.h"

// In component.cc, which a linker takes from its library because of this.
extern int g_registered;

extern "C" __attribute__((visibility("default"))) const void* weir_plugin_main(const void*) {
  static int result[2];
  result[0] = g_registered;
  result[1] = static_cast<int>(weir::kThirdPartySmokeSmokeDescriptorsSize);
  return result;
}
