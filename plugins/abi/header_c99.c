/* SPDX-License-Identifier: Apache-2.0 */
/* The headers in C99. */
#include <stddef.h>

#include "plugins/abi/weir_fields.h"
#include "plugins/abi/weir_interfaces.h"
#include "plugins/abi/weir_plugin.h"

size_t weir_c99_field_size(void);
size_t weir_c99_block_spec_size(void);
size_t weir_c99_record_size(void);
size_t weir_c99_interfaces_size(void);

size_t weir_c99_field_size(void) { return sizeof(weir_field); }
size_t weir_c99_block_spec_size(void) { return sizeof(weir_block_spec); }
size_t weir_c99_record_size(void) { return sizeof(weir_record); }
size_t weir_c99_interfaces_size(void) { return sizeof(weir_other_interfaces); }
