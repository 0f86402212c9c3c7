/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptions of fields: the fields of a record (weir_plugin.h), and the fields of a block, which
 * is optional data behind the record in a row of a batch. Everything that reads fields by name
 * uses them: the filter, JSON, CSV and TABLE, `weir fields` and the reference page.
 *
 * Plain C; needs only <stdint.h>.
 *
 * A plugin owns its descriptions. The host checks a description against the limits on this page
 * and copies it; it refuses a description that breaks one of them.
 *
 * In a row, integers are in host byte order, and addresses are in network byte order. Sizes and
 * offsets are in bytes, times in nanoseconds. A `const char*` is UTF-8 and ends with NUL; if it is
 * called optional, it may be NULL.
 */
#ifndef WEIR_PLUGINS_ABI_WEIR_FIELDS_H_
#define WEIR_PLUGINS_ABI_WEIR_FIELDS_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The limits of a block. NAME is that of each name, key, column and value, without the NUL. TEXT is
 * that of a unit, a noun and a help sentence. */
#define WEIR_MAX_BLOCK_BYTES 4096
#define WEIR_MAX_BLOCK_FIELDS 64
#define WEIR_MAX_FIELD_NAME_BYTES 64
#define WEIR_MAX_FIELD_TEXT_BYTES 256
#define WEIR_MAX_FIXED_TEXT_BYTES 256
#define WEIR_MAX_VALUE_NAMES 256

/* weir_block_spec.present_offset of a block whose fields are always valid. */
#define WEIR_NO_PRESENT_WORD UINT32_MAX

/* The type of a field, with the sizes that it may have. */
typedef int32_t weir_field_type;
enum {
  WEIR_FIELD_UNSIGNED = 1,   /* 1, 2, 4 or 8 */
  WEIR_FIELD_SIGNED = 2,     /* 1, 2, 4 or 8; two's complement */
  WEIR_FIELD_BOOL = 3,       /* 1: false if 0; or 0: the bit of `present` itself is the value */
  WEIR_FIELD_IP = 4,         /* 16; IPv4 as ::ffff:a.b.c.d */
  WEIR_FIELD_MAC = 5,        /* 6 */
  WEIR_FIELD_FIXED_TEXT = 6, /* 1 to WEIR_MAX_FIXED_TEXT_BYTES; ends before the first NUL, if any */
  WEIR_FIELD_TEXT = 7,       /* 8: a weir_text */
  WEIR_FIELD_WALL_TIME = 8,  /* 8; signed; since 1970-01-01T00:00:00Z, without leap seconds */
  WEIR_FIELD_MONO_TIME = 9,  /* 8; unsigned; CLOCK_MONOTONIC */
  WEIR_FIELD_DURATION = 10   /* 8; unsigned */
};

/* A text of any length: bytes of the text arena of the batch. A text that does not lie within the
 * arena is read as an empty text. */
typedef struct weir_text {
  uint32_t offset;
  uint32_t length;
} weir_text;

/* How people read and write a value, in TABLE and in filters. JSON and CSV contain plain numbers.
 */
typedef int32_t weir_display;
enum {
  WEIR_DISPLAY_PLAIN = 0, /* a decimal number, a text, an address, a time */
  WEIR_DISPLAY_COUNT = 1, /* a number; a filter takes 10k and 1.5M */
  WEIR_DISPLAY_BYTES = 2, /* a number of bytes: 1.50 KiB; a filter takes 10MB and 1MiB */
  WEIR_DISPLAY_HEX = 3,   /* a hexadecimal number: 0x1b */
  WEIR_DISPLAY_NAMES = 4, /* the name of the value; a number if it has none */
  WEIR_DISPLAY_FLAGS = 5  /* the names of the bits that are set: syn+ack */
};

/* What becomes of a field when two records of one flow become one. */
typedef int32_t weir_merge;
enum {
  WEIR_MERGE_KEY = 1,   /* records with another value belong to another flow; not in a block */
  WEIR_MERGE_SUM = 2,   /* UNSIGNED, SIGNED and DURATION */
  WEIR_MERGE_MIN = 3,   /* SUM's types and times */
  WEIR_MERGE_MAX = 4,   /* SUM's types and times */
  WEIR_MERGE_OR = 5,    /* UNSIGNED and BOOL: the union of bits */
  WEIR_MERGE_FIRST = 6, /* the value of the record that came first */
  WEIR_MERGE_LAST = 7   /* the value of the record that came last */
};

/* The name of a value, or of a bit: lower-case letters, digits and `_`, a letter first. Of several
 * names of one value, the first is shown. */
typedef struct weir_value_name {
  uint64_t value;
  const char* name;
  const char* label; /* optional: the name as TABLE shows it, such as "TCP" */
} weir_value_name;

/* One field. All fields of a block have the same struct_size. */
typedef struct weir_field {
  uint32_t struct_size;
  weir_field_type type;
  /* Where the value is, from the start of the record or block. Aligned to the size of an integer
   * or time, or to 4 for a weir_text. Fields do not overlap. Zero if size is zero. */
  uint32_t offset;
  uint32_t size;
  /* The bit of the `present` word that is set if the value was measured; 0: it always is. */
  uint64_t present;
  /* UNSIGNED: the greatest value; 0: the greatest that fits. */
  uint64_t max;

  /* Its name in filters and in `weir fields`: lower-case letters, digits and `_`, a letter first;
   * no word of the filter's language (and, or, not, in, any, all). */
  const char* name;
  /* Optional: a name in filters for this field or another one with the same `either`: "port" for
   * src_port and dst_port. Same type, one after the other. */
  const char* either;
  /* Letters, digits and `_`, a letter first. Optional: JSON or CSV do not contain the field. */
  const char* json_key;
  const char* csv_column;
  const char* unit; /* optional: "bytes" */
  const char* noun; /* optional: one value in messages, with its article: "a port" */
  const char* help; /* one sentence */

  /* NAMES and FLAGS have one or more; others have none. */
  const weir_value_name* value_names;
  uint32_t value_name_count;
  weir_display display; /* not PLAIN: UNSIGNED; COUNT also SIGNED */
  weir_merge merge;

  /* The number in pbflow.Record; 0: none. In a part of it, such as DataLink, protobuf_message is
   * the number of that part; otherwise 0. */
  uint32_t protobuf_number;
  uint32_t protobuf_message;
  /* The IPFIX information element, and the one of IPv6 flows if that is another; 0: none. */
  uint16_t ipfix_element;
  uint16_t ipfix_element_v6;
  uint32_t ipfix_enterprise; /* 0: an element of IANA's registry */
  uint32_t reserved;         /* 0 */
} weir_field;

/* A block: its layout in a row, and its fields. */
typedef struct weir_block_spec {
  uint32_t struct_size;
  /* Version of the layout, 1 or more. A later version only appends. */
  uint32_t version;
  /* The owner and the subject, such as "weir.rtt": two or more words of lower-case letters, digits
   * and `_`, a letter first, with dots between them. */
  const char* name;
  uint32_t size; /* a multiple of 8, at most WEIR_MAX_BLOCK_BYTES */
  /* Where the 64-bit `present` word of the block is, aligned to 8; or WEIR_NO_PRESENT_WORD. The
   * host clears rows, so the fields of a block that nobody filled are not measured. */
  uint32_t present_offset;
  /* The fields in the order in which JSON, CSV and TABLE show them. The i-th field is
   * fields[0].struct_size * i bytes behind the first. */
  const weir_field* fields;
  uint32_t field_count; /* 1 to WEIR_MAX_BLOCK_FIELDS */
  uint32_t reserved;    /* 0 */
} weir_block_spec;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* WEIR_PLUGINS_ABI_WEIR_FIELDS_H_ */
