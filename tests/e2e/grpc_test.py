#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An agent and a collector, two weirs in two network namespaces. Every packet of a replayed
capture arrives in a record at the collector, also across a restart of the collector. If the
collector is killed, the packets that are missing are the ones that the agent counts as lost."""

import glob
import json
import os
import re
import signal
import subprocess
import unittest

import capture
import harness

PACKETS, FLOWS = 300_000, 5_000

AGENT = """
source    {{ name: "flows"     type: "ebpf_map"        config {{ [weir/weir.sources.EbpfMap] {{
              interfaces: "veth-b" direction: INGRESS cache_active_timeout: "100ms"
              cache_max_flows: 100000 }} }} }}
source    {{ name: "overflow"  type: "ebpf_ringbuf"    config {{ [weir/weir.sources.EbpfRingbuf] {{ }} }} }}
transform {{ name: "account"   type: "accounter"       input: "overflow" }}
transform {{ name: "name"      type: "interface_namer" input: "flows" input: "account" }}
sink      {{ name: "collector" type: "grpc"            input: "name" config {{ [weir/weir.sinks.Grpc] {{
              target: "10.80.0.1:9999" agent_ip: "10.80.0.2" message_max_flows: 500
              flush_interval: "50ms" max_backoff: "200ms" }} }} }}
"""

COLLECTOR = """
source {{ name: "agents"  type: "grpc"                   config {{ [weir/weir.sources.Grpc] {{
           listen: "10.80.0.1:9999" }} }} }}
sink   {{ name: "console" type: "stdout" input: "agents" config {{ [weir/weir.sinks.Stdout] {{ format: JSON }} }} }}
"""


# Answers a message once its records are in the file, so a closed file contains all of them.
TO_FILES = """
source {{ name: "agents"  type: "grpc"                config {{ [weir/weir.sources.Grpc] {{
           listen: "10.80.0.1:9999" }} }} }}
sink   {{ name: "archive" type: "file" input: "agents" config {{ [weir/weir.sinks.File] {{
           path: "{folder}/flows-%Y.jsonl" rotate_bytes: 500000 }} }} }}
"""


@unittest.skipUnless(harness.GRPC, "SKIPPED: this weir was built without gRPC")
class GrpcTest(harness.NamespaceTest):

    def setUp(self):
        super().setUp()
        self.capture = os.path.join(self.folder, "flows.pcap")
        capture.write_flows(self.capture, PACKETS, FLOWS)
        # Messages use a separate pair of interfaces, which is not measured.
        harness.run("ip", "link", "add", "line-a", "netns", self.a, "type", "veth",
                    "peer", "name", "line-b", "netns", self.b)
        for name, link, number in ((self.a, "line-a", 1), (self.b, "line-b", 2)):
            self.inside(name, "ip", "address", "add", f"10.80.0.{number}/24", "dev", link)
            self.inside(name, "ip", "link", "set", link, "up")
        self.wait_for_carrier(self.a, "line-a")
        self.wait_for_carrier(self.b, "line-b")

    def start_collector(self, text=COLLECTOR):
        config = self.write("collector.textproto", text.format(folder=self.folder))
        collector = self.weir("run", "--config=" + config, netns=self.a)
        collector.wait_for_log("taking records at")
        return collector

    def start_agent(self):
        config = self.write("agent.textproto", AGENT.format())
        agent = self.weir("run", "--config=" + config,
                          f"--drain_timeout={harness.DEADLINE_SECONDS}s", netns=self.b)
        agent.wait_for_log("measuring 1 interface")
        return agent

    def replay(self):
        """Starts to send the packets."""
        replay = subprocess.Popen(
            ["ip", "netns", "exec", self.a, "tcpreplay", "-q", "--pps=100000", "-i", "veth-a",
             self.capture], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self._end, replay)
        return replay

    def finish(self, replay, agent):
        """Waits until all packets were counted and sent; returns the agent's row of the balance."""
        self.assertEqual(replay.wait(timeout=harness.DEADLINE_SECONDS), 0)
        self.assertEqual(agent.stop(), harness.EXIT_CLEAN, agent.stderr())
        self.assert_balanced(agent)
        self.assertEqual(agent.metrics()["weir_datapath_packets_total", ""], PACKETS)
        return agent.balance()["collector"]

    def stop_collector(self, collector):
        self.assertEqual(collector.stop(), harness.EXIT_CLEAN, collector.stderr())
        self.assert_balanced(collector)
        return collector.records()

    def test_the_agent_of_the_example_does_not_measure_its_own_connection(self):
        collector = self.start_collector()
        agent = self.weir("COLLECTOR=10.80.0.1", harness.WEIR, "run",
                          os.path.join(harness.EXAMPLES, "agent_grpc.textproto"),
                          program="env", netns=self.b)
        agent.wait_for_log("measuring 2 interfaces")
        self.inside(self.a, "ping", "-q", "-c", "3", "-i", "0.1", "10.80.0.2")
        # The packets of this message are not in the records of the next one.
        harness.wait_until(collector.wrote_records, "records at the collector")
        self.assertEqual(agent.stop(), harness.EXIT_CLEAN, agent.stderr())
        self.assertGreater(agent.metrics()["weir_datapath_filter_packets_total", "rejected"], 0)
        records = self.stop_collector(collector)
        self.assertEqual(harness.totals(records, Proto=capture.ICMP)[0], 6)
        self.assertEqual([record for record in records if record["Proto"] == capture.TCP], [])

    def test_every_packet_arrives(self):
        collector, agent = self.start_collector(), self.start_agent()
        sent = self.finish(self.replay(), agent)
        records = self.stop_collector(collector)
        self.assertEqual(harness.totals(records, Interface="veth-b", FlowDirection=0)[0], PACKETS)
        self.assertEqual(len(records), sent["emitted"])
        self.assertEqual(sent["dropped"], 0)

    def test_every_packet_is_in_a_file(self):
        collector, agent = self.start_collector(TO_FILES), self.start_agent()
        sent = self.finish(self.replay(), agent)
        self.assertEqual(collector.stop(), harness.EXIT_CLEAN, collector.stderr())
        self.assert_balanced(collector)
        records = []
        for path in glob.glob(os.path.join(self.folder, "flows-*.jsonl")):
            with open(path, encoding="utf-8") as file:
                records += [json.loads(line) for line in file]
        self.assertEqual(harness.totals(records, Interface="veth-b", FlowDirection=0)[0], PACKETS)
        self.assertEqual(len(records), sent["emitted"])

    def test_a_restart_of_the_collector_loses_nothing(self):
        collector, agent = self.start_collector(), self.start_agent()
        replay = self.replay()
        harness.wait_until(collector.wrote_records, "records")
        records = self.stop_collector(collector)
        agent.wait_for_log("takes no records; they wait")
        collector = self.start_collector()
        sent = self.finish(replay, agent)
        records += self.stop_collector(collector)
        self.assertEqual((sent["emitted"], sent["dropped"]), (len(records), 0))
        self.assertEqual(harness.totals(records)[0], PACKETS)

    def test_a_collector_that_is_killed_loses_what_the_agent_says_at_most(self):
        collector, agent = self.start_collector(), self.start_agent()
        replay = self.replay()
        harness.wait_until(collector.wrote_records, "records")
        collector.process.send_signal(signal.SIGKILL)
        collector.wait()
        first = collector.records()
        agent.wait_for_log("takes no records; they wait")
        collector = self.start_collector()
        sent = self.finish(replay, agent)
        second = self.stop_collector(collector)
        arrived = len(first) + len(second)
        found = re.search(r"(\d+) dropped: unanswered", agent.stderr())
        unanswered = int(found[1]) if found else 0
        self.assertEqual(sent["dropped"], unanswered)
        # All answered records are there, and those of the others that came before the end.
        self.assertLessEqual(sent["emitted"], arrived)
        self.assertLessEqual(arrived, sent["emitted"] + unanswered)
        # After the kill, the balances agree exactly.
        self.assertEqual(collector.balance()["agents"]["received"], len(second))


if __name__ == "__main__":
    harness.main()
