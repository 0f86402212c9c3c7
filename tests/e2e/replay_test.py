#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every packet that the interface counts is in a flow while a capture is replayed at full
speed: during evictions, with a table that is too small, and when weir ends during traffic."""

import collections
import os
import signal
import subprocess

import capture
import harness

PACKETS, FLOWS = 300_000, 5_000

PIPELINE = """
source    {{ name: "flows"    type: "ebpf_map"
            config {{ [weir/weir.sources.EbpfMap] {{
              interfaces: "veth-b" cache_active_timeout: "{timeout}" cache_max_flows: {flows}
              flow_table: {table} {more} }} }} }}
source    {{ name: "overflow" type: "ebpf_ringbuf"
            config {{ [weir/weir.sources.EbpfRingbuf] {{ ring_bytes: {ring_bytes} }} }} }}
transform {{ name: "account"  type: "accounter"       input: "overflow"
            config {{ [weir/weir.transforms.Accounter] {{ evict_timeout: "{timeout}" }} }} }}
transform {{ name: "name"     type: "interface_namer" input: "flows" input: "account" }}
sink      {{ name: "console"  type: "stdout"          input: "name"
            config {{ [weir/weir.sinks.Stdout] {{ format: JSON }} }} }}
"""


class Replays:
    """The tests, for one kind of flow table."""

    table = None

    def setUp(self):
        super().setUp()
        self.capture = os.path.join(self.folder, "flows.pcap")
        self.truth = capture.write_flows(self.capture, PACKETS, FLOWS)

    def start_weir(self, **settings):
        values = {"timeout": "1s", "table": self.table, "flows": 100_000, "ring_bytes": 4 << 20, "more": "",
                  **settings}
        config = self.write("pipeline.textproto", PIPELINE.format(**values))
        # All records must arrive, even if the machine or a sanitizer slows the stages.
        weir = self.weir("run", "--config=" + config,
                         f"--drain_timeout={harness.DEADLINE_SECONDS}s", netns=self.b)
        weir.wait_for_log("measuring 1 interface")
        return weir

    def replay(self, *options):
        self.inside(self.a, "tcpreplay", "-q", "-t", "-i", "veth-a", *options, self.capture)

    def replay_and_compare(self, weir, loops=1):
        """Replays the capture. Fails unless the flows match the counters of the interface and
        the contents of the capture."""
        before = self.counters(self.b, "veth-b")
        self.replay(f"--loop={loops}")
        after = self.counters(self.b, "veth-b")
        self.assertEqual(weir.stop(), harness.EXIT_CLEAN, weir.stderr())
        counted = {key: after[key] - before[key] for key in after}
        self.assertEqual(counted["rx_packets"], PACKETS * loops)

        records = weir.records()
        self.assertEqual(harness.totals(records, Interface="veth-b", FlowDirection=0),
                         (counted["rx_packets"], counted["rx_bytes"]))
        self.assertEqual(harness.totals(records, FlowDirection=1), (0, 0))
        self.assert_flows_are_the_captures(records, loops)
        self.assert_balanced(weir)
        metrics = weir.metrics()
        self.assertEqual(metrics["weir_datapath_packets_total", ""], PACKETS * loops)
        self.assertEqual(metrics["weir_datapath_dropped_packets_total", ""], 0)
        return metrics

    def assert_flows_are_the_captures(self, records, loops):
        """Fails unless each flow has the packets and bytes of the capture, times `loops`."""
        seen = collections.defaultdict(lambda: [0, 0])
        for record in records:
            counts = seen[record["SrcAddr"], record["SrcPort"], record["Proto"]]
            counts[0] += record["Packets"]
            counts[1] += record["Bytes"]
        self.assertEqual(len(seen), FLOWS)
        self.assertEqual(sorted(seen.values()),
                         sorted([packets * loops, octets * loops]
                                for packets, octets in self.truth.values()))

    def test_flows_add_up_while_the_table_is_evicted(self):
        weir = self.start_weir()
        # Ten times, so that it takes longer than a timeout.
        metrics = self.replay_and_compare(weir, loops=10)
        self.assertEqual(metrics["weir_datapath_table_packets_total", ""], PACKETS * 10)
        self.assertGreater(len(weir.records()), FLOWS, "no eviction during the replay")

    def test_flows_add_up_when_the_table_is_evicted_all_the_time(self):
        weir = self.start_weir(timeout="20ms")
        self.replay_and_compare(weir)
        # More records than flows: an eviction has split most flows at least once.
        self.assertGreater(len(weir.records()), 2 * FLOWS)

    def test_flows_add_up_when_the_table_overflows(self):
        # The ring has room for all packets (112 bytes each), even if it is read late.
        metrics = self.replay_and_compare(self.start_weir(flows=1000, ring_bytes=64 << 20))
        self.assertGreater(metrics["weir_datapath_ringbuf_packets_total", ""], 0)
        self.assertEqual(metrics["weir_datapath_table_packets_total", ""] +
                         metrics["weir_datapath_ringbuf_packets_total", ""], PACKETS)

    def test_flows_add_up_through_clsact(self):
        self.replay_and_compare(self.start_weir(more="attach: CLSACT"))

    def test_an_end_during_traffic_loses_no_counted_packet(self):
        for flows in (100_000, 1000):
            with self.subTest(cache_max_flows=flows):
                weir = self.start_weir(flows=flows)
                before = self.counters(self.b, "veth-b")["rx_packets"]
                replay = subprocess.Popen(
                    ["ip", "netns", "exec", self.a, "tcpreplay", "-q", "-t", "--loop=200",
                     "-i", "veth-a", self.capture],
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                self.addCleanup(self._end, replay)
                harness.wait_until(
                    lambda before=before: self.counters(self.b, "veth-b")["rx_packets"] >
                    before + PACKETS, "traffic")
                self.assertEqual(weir.stop(signal.SIGTERM), harness.EXIT_CLEAN, weir.stderr())
                self.assertIsNone(replay.poll(), "the traffic ended too early for this test")
                self._end(replay)
                metrics = weir.metrics()
                packets = metrics["weir_datapath_packets_total", ""]
                lost = metrics["weir_datapath_dropped_packets_total", ""]
                self.assertGreaterEqual(packets, PACKETS)
                self.assertEqual(packets,
                                 metrics["weir_datapath_table_packets_total", ""] +
                                 metrics["weir_datapath_ringbuf_packets_total", ""] + lost)
                self.assertEqual(harness.totals(weir.records())[0], packets - lost)
                self.assert_balanced(weir)


class MappedTableTest(Replays, harness.NamespaceTest):

    table = "MAPPED"

    def test_flows_add_up_with_coarse_timestamps(self):
        weir = self.start_weir(more="timestamps: COARSE")
        self.replay_and_compare(weir)
        for record in weir.records():
            self.assertLessEqual(record["StartMonoTimeNs"], record["EndMonoTimeNs"])


class HashTableTest(Replays, harness.NamespaceTest):

    table = "HASH"


if __name__ == "__main__":
    harness.main()
