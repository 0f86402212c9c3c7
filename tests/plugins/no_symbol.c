/* SPDX-License-Identifier: Apache-2.0 */
/* A shared object that is not a plugin. */
int weir_plugin_mane(void);
int weir_plugin_mane(void) { return 1; }
