# SPDX-License-Identifier: Apache-2.0
"""Pipelines over the recording of the reference vectors, in parts to put together: a source, stages
in the middle, and a sink."""

import pathlib

import harness

VECTORS = harness.runfile("tests/vectors")
CLOCKS = 'wall_clock: "2022-08-23T16:33:22.123456789Z" mono_clock_ns: 10000000000000'
NAMES = " ".join(f'names {{ key: {i} value: "eth{i}" }}' for i in range(8))

SINK = """sink { name: "console" type: "stdout" input: "name"
  config { [weir/weir.sinks.Stdout] { format: JSON } } }
"""
NAMER = """transform { name: "name" type: "interface_namer" input: "%s"
  config { [weir/weir.transforms.InterfaceNamer] { live: false """ + NAMES + """ } } }
"""
RECORDING = """source { name: "recording" type: "record_file"
  config { [weir/weir.sources.RecordFile] { path: "%s" """ + CLOCKS + """ } } }
"""
FILTER = """transform { name: "some" type: "filter" input: "name"
  config { [weir/weir.transforms.Filter] { expression: "%s" } } }
"""
SAMPLE = """transform { name: "sample" type: "sample" input: "name"
  config { [weir/weir.transforms.Sample] { interval: 4 by: FLOW } } }
"""
DEDUP = """transform { name: "once" type: "dedup" input: "name"
  config { [weir/weir.transforms.Dedup] { %s } } }
"""
ACCOUNTER = """transform { name: "account" type: "accounter" input: "recording" }
"""


def lines_of(name):
    return pathlib.Path(VECTORS, name).read_text().splitlines()
