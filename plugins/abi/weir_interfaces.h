/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A feature block (WEIR_BLOCK_INTERFACES of weir_plugin.h): the interfaces, beside its own,
 * at which a record's packets were seen too. The transform `dedup` makes it of the records
 * of one flow. Plain C; needs only <stdint.h>.
 *
 * In a batch that has it, each row has a weir_other_interfaces at
 * block_offset[WEIR_BLOCK_INTERFACES], 8-byte aligned, all zero where there are none.
 */
#ifndef WEIR_PLUGINS_ABI_WEIR_INTERFACES_H_
#define WEIR_PLUGINS_ABI_WEIR_INTERFACES_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* With the record's own these are 8, and a row has 544 bytes. */
#define WEIR_MAX_OTHER_INTERFACES 7

/* One place in the network: 48 bytes. */
typedef struct weir_interface {
  uint64_t network_namespace; /* as in weir_record; 0: not known */
  uint32_t if_index;          /* 0: not known */
  char name[28];              /* as interface_name in weir_record */
  uint8_t direction;
  uint8_t reserved[7]; /* 0 */
} weir_interface;

/* No two of them are the same, nor is one the record's own. */
typedef struct weir_other_interfaces {
  uint32_t count; /* of `interfaces` in use, in the order in which they were seen */
  uint32_t reserved;
  weir_interface interfaces[WEIR_MAX_OTHER_INTERFACES];
} weir_other_interfaces;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* WEIR_PLUGINS_ABI_WEIR_INTERFACES_H_ */
