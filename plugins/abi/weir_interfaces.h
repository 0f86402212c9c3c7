/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The feature block WEIR_BLOCK_INTERFACES (weir_plugin.h): the other interfaces that saw the
 * packets of a record. The transform `dedup` makes it from the records of one flow. Plain C; needs
 * only <stdint.h>.
 *
 * In a batch with this block, each row has a weir_other_interfaces at
 * block_offset[WEIR_BLOCK_INTERFACES], 8-byte aligned. It is all zero if no other interface saw
 * the packets.
 */
#ifndef WEIR_PLUGINS_ABI_WEIR_INTERFACES_H_
#define WEIR_PLUGINS_ABI_WEIR_INTERFACES_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* With the record's own interface these are 8. A row has 544 bytes. */
#define WEIR_MAX_OTHER_INTERFACES 7

/* One interface, and the direction of the packets there: 48 bytes. */
typedef struct weir_interface {
  uint64_t network_namespace; /* as in weir_record; 0: unknown */
  uint32_t if_index;          /* 0: unknown */
  char name[28];              /* as interface_name in weir_record */
  uint8_t direction;          /* as in weir_record */
  uint8_t reserved[7];        /* 0 */
} weir_interface;

/* Each interface is listed once; the record's own is not listed. */
typedef struct weir_other_interfaces {
  uint32_t count; /* the number of `interfaces` in use, in the order in which they were seen */
  uint32_t reserved;
  weir_interface interfaces[WEIR_MAX_OTHER_INTERFACES];
} weir_other_interfaces;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* WEIR_PLUGINS_ABI_WEIR_INTERFACES_H_ */
