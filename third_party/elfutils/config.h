/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What elfutils' configure would find out, for libelf alone on Linux with
 * glibc, gcc or clang. No zstd, no debuginfod, no locks (libbpf uses an Elf
 * handle from one thread only).
 */
#ifndef WEIR_THIRD_PARTY_ELFUTILS_CONFIG_H_
#define WEIR_THIRD_PARTY_ELFUTILS_CONFIG_H_

#define PACKAGE "elfutils"
#define PACKAGE_NAME "elfutils"
#define PACKAGE_VERSION "0.192"
#define VERSION "0.192"

#define HAVE_DECL_MEMPCPY 1
#define HAVE_DECL_MEMRCHR 1
#define HAVE_DECL_POWEROF2 1
#define HAVE_DECL_RAWMEMCHR 1
#define HAVE_DECL_REALLOCARRAY 1
#define HAVE_ERROR_H 1
#define HAVE_ERR_H 1
#define HAVE_FALLTHROUGH 1
#define HAVE_MREMAP 1
#define HAVE_PROCESS_VM_READV 1
#define HAVE_STDATOMIC_H 1
#define HAVE_VISIBILITY 1
#if defined(__GNUC__) && !defined(__clang__)
#define HAVE_GCC_STRUCT 1
#endif
#define SIZEOF_LONG __SIZEOF_LONG__

#include <eu-config.h>

#endif
