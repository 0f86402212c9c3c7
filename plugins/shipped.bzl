# SPDX-License-Identifier: Apache-2.0
"""The plugins that weir ships."""

# The weir_plugin targets. Each is installed, and its configuration and licences are documented.
# tools/new-component adds a line for a new component; the list is sorted.
SHIPPED_PLUGINS = [
    "//sinks/file:weir_sink_file",
    "//sinks/grpc:weir_sink_grpc",
    "//sinks/stdout:weir_sink_stdout",
    "//sources/ebpf:weir_source_ebpf",
    "//sources/grpc:weir_source_grpc",
    "//sources/pcap:weir_source_pcap",
    "//sources/record_file:weir_source_record_file",
    "//transforms/accounter:weir_transform_accounter",
    "//transforms/dedup:weir_transform_dedup",
    "//transforms/filter:weir_transform_filter",
    "//transforms/interface_namer:weir_transform_interface_namer",
    "//transforms/sample:weir_transform_sample",
]
