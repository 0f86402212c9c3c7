// SPDX-License-Identifier: Apache-2.0
// The headers in C++11.
#include <cstddef>

#include "plugins/abi/weir_fields.h"
#include "plugins/abi/weir_interfaces.h"
#include "plugins/abi/weir_plugin.h"

size_t CxxFieldSize() { return sizeof(weir_field); }
size_t CxxBlockSpecSize() { return sizeof(weir_block_spec); }
size_t CxxRecordSize() { return sizeof(weir_record); }
size_t CxxInterfacesSize() { return sizeof(weir_other_interfaces); }
