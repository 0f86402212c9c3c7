#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Filter rules in the kernel decide which packets are in flows. The packets in flows and those
that the rules left out are all packets of the interface. Rules without a meaning are refused."""

import collections
import os

import capture
import harness

PACKETS, FLOWS = 200_000, 5_000
SAMPLE = 10

PIPELINE = """
source    {{ name: "flows"    type: "ebpf_map"
            config {{ [weir/weir.sources.EbpfMap] {{
              interfaces: "veth-b" cache_active_timeout: "500ms" {settings} }} }} }}
source    {{ name: "overflow" type: "ebpf_ringbuf"
            config {{ [weir/weir.sources.EbpfRingbuf] {{ ring_bytes: 67108864 }} }} }}
transform {{ name: "account"  type: "accounter"       input: "overflow" }}
sink      {{ name: "console"  type: "stdout"          input: "flows" input: "account"
            config {{ [weir/weir.sinks.Stdout] {{ format: JSON }} }} }}
"""

# For the flows of capture.flow_packet. The function below implements the same rules.
RULES = f"""
filter {{ ip_cidr: "10.78.0.0/16" }}
filter {{ ip_cidr: "10.78.4.0/22" source_ports: "2048-2559,2600" action: REJECT }}
filter {{ ip_cidr: "10.78.8.0/24" peer_cidr: "10.79.0.1" sample: {SAMPLE} }}
filter {{ ip_cidr: "10.78.8.0/25" peer_cidr: "10.80.0.0/16" action: REJECT }}
filter {{ ip_cidr: "fd78::/32" protocol: "UDP" destination_ports: "1-442,444-65535" action: REJECT }}
filter {{ ip_cidr: "fd78::/16" protocol: "UDP" direction: INGRESS }}
"""


def fate(flow):
    """The fate of the packets of flow number `flow`."""
    port = 1024 + flow
    if flow % 2 == 1:
        return "unmatched" if flow & 2 else "accepted"
    if flow // 1024 == 1 and (2048 <= port <= 2559 or port == 2600):
        return "rejected"
    return "sampled" if flow // 256 == 8 else "accepted"


class Filters:
    """The tests for one kind of flow table."""

    table = None

    def start_weir(self, settings):
        config = self.write("pipeline.textproto",
                            PIPELINE.format(settings=f"flow_table: {self.table} {settings}"))
        weir = self.weir("run", "--config=" + config,
                         f"--drain_timeout={harness.DEADLINE_SECONDS}s", netns=self.b)
        weir.wait_for_log("measuring 1 interface")
        return weir

    def replay(self, settings):
        """Replays a capture. Returns weir, the number of packets for each fate, and the records
        by the number of their flow."""
        path = os.path.join(self.folder, "flows.pcap")
        truth = capture.write_flows(path, PACKETS, FLOWS)
        weir = self.start_weir(settings)
        before = self.counters(self.b, "veth-b")["rx_packets"]
        self.inside(self.a, "tcpreplay", "-q", "-t", "-i", "veth-a", path)
        self.assertEqual(self.counters(self.b, "veth-b")["rx_packets"] - before, PACKETS)
        self.assertEqual(weir.stop(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        packets = collections.Counter()
        for flow, (count, _) in truth.items():
            packets[fate(flow)] += count
        flows = collections.defaultdict(list)
        for record in weir.records():
            self.assertEqual(record["DstPort"], 443)
            flows[record["SrcPort"] - 1024].append(record)
        for flow, records in flows.items():
            self.assertIn(fate(flow), ("accepted", "sampled"), records)
            if fate(flow) == "accepted":
                self.assertEqual(list(harness.totals(records)), truth[flow])
        self.assertEqual({flow for flow in flows if fate(flow) == "accepted"},
                         {flow for flow in truth if fate(flow) == "accepted"})
        return weir, packets, flows

    def check_law(self, weir, packets, flows):
        """The packets in flows and the others that were counted must be those of the interface.
        Returns the number of packets in sampled flows."""
        metrics = weir.metrics()
        self.assertEqual(metrics["weir_datapath_dropped_packets_total", ""], 0)
        rules = {reason: metrics["weir_datapath_filter_packets_total", reason]
                 for reason in ("accepted", "rejected", "unmatched")}
        self.assertEqual(rules, {"accepted": packets["accepted"] + packets["sampled"],
                                 "rejected": packets["rejected"],
                                 "unmatched": packets["unmatched"]})
        counted = sum(harness.totals(records)[0] for records in flows.values())
        self.assertEqual(metrics["weir_datapath_packets_total", ""], counted)
        self.assertEqual(counted + metrics["weir_datapath_sampled_out_packets_total", ""] +
                         rules["rejected"] + rules["unmatched"], PACKETS)
        return counted - packets["accepted"]

    def check_sampling(self, packets, flows, sampled):
        for flow, records in flows.items():
            self.assertEqual({record.get("Sampling") for record in records},
                             {SAMPLE if fate(flow) == "sampled" else None})
        # Seven standard deviations: exceeded once in 3.9 * 10^11 runs.
        expected = packets["sampled"] / SAMPLE
        self.assertLess(abs(sampled - expected), 7 * (expected * (1 - 1 / SAMPLE)) ** 0.5)
        self.assertGreater(sampled, 0)

    def test_flows_and_what_is_left_out_are_the_interface_s_packets(self):
        weir, packets, flows = self.replay("cache_max_flows: 100000" + RULES)
        self.assertEqual(len(packets), 4, "a fate that no packet has")
        self.check_sampling(packets, flows, self.check_law(weir, packets, flows))

    def test_the_same_with_a_table_that_overflows(self):
        weir, packets, flows = self.replay("cache_max_flows: 1000" + RULES)
        self.assertGreater(weir.metrics()["weir_datapath_ringbuf_packets_total", ""], 0)
        self.check_sampling(packets, flows, self.check_law(weir, packets, flows))

    def test_only_the_questions_of_a_ping(self):
        self.enable_ip()
        weir = self.start_weir("""
            filter { protocol: "ICMP" icmp_type: 8 icmp_code: 0 direction: INGRESS }
            filter { protocol: "ICMPv6" icmp_type: 128 direction: INGRESS }""")
        self.inside(self.a, "ping", "-q", "-c", "5", "-i", "0.05", "10.78.0.2")
        self.inside(self.a, "ping", "-q", "-c", "7", "-i", "0.05", "fd78::2")
        self.assertEqual(weir.stop(), harness.EXIT_CLEAN, weir.stderr())
        records = weir.records()
        self.assertEqual({(r["FlowDirection"], r["SrcAddr"], r["IcmpType"]) for r in records},
                         {(0, "10.78.0.1", 8), (0, "fd78::1", 128)})
        self.assertEqual(harness.totals(records, SrcAddr="10.78.0.1")[0], 5)
        self.assertEqual(harness.totals(records, SrcAddr="fd78::1")[0], 7)
        self.assertGreaterEqual(
            weir.metrics()["weir_datapath_filter_packets_total", "unmatched"], 12)

    def test_rules_that_only_reject_leave_the_rest(self):
        self.enable_ip()
        weir = self.start_weir('filter { ip_cidr: "10.78.0.0/24" protocol: "ICMP" action: REJECT }')
        self.inside(self.a, "ping", "-q", "-c", "5", "-i", "0.05", "10.78.0.2")
        self.inside(self.a, "ping", "-q", "-c", "7", "-i", "0.05", "fd78::2")
        self.assertEqual(weir.stop(), harness.EXIT_CLEAN, weir.stderr())
        records = weir.records()
        self.assertEqual(harness.totals(records, Proto=1), (0, 0))
        # In addition to neighbour discovery.
        self.assertEqual(harness.totals([r for r in records if r.get("IcmpType") in (128, 129)])[0], 14)
        self.assertTrue([r for r in records if r["Etype"] == 0x0806], "no ARP flow")
        metrics = weir.metrics()
        self.assertEqual(metrics["weir_datapath_filter_packets_total", "rejected"], 10)
        self.assertEqual(metrics["weir_datapath_filter_packets_total", "unmatched"], 0)


class MappedTableTest(Filters, harness.NamespaceTest):

    table = "MAPPED"


class HashTableTest(Filters, harness.NamespaceTest):

    table = "HASH"


class RefusedRulesTest(harness.WeirTest):

    def refused(self, rules):
        config = self.write("pipeline.textproto", PIPELINE.format(settings=rules))
        weir = self.weir("validate", "--config=" + config)
        self.assertEqual(weir.wait(), harness.EXIT_BAD_USAGE, weir.stderr())
        return weir.stderr()

    def test_by_place_and_in_a_sentence(self):
        said = self.refused('filter { }\nfilter { ip_cidr: "10.0.0.0/99" }')
        self.assertIn("pipeline.textproto:5:", said)
        self.assertIn("filter[1].ip_cidr '10.0.0.0/99' is not a range of IP addresses", said)
        said = self.refused('filter { tcp_flags: "SYN-SIN" }')
        self.assertIn("filter[0].tcp_flags 'SYN-SIN'", said)
        said = self.refused('filter { } filter { protocol: "ICMP" ports: "80" }')
        self.assertIn("source 'flows': filter[1].ports: protocol ICMP has no ports", said)


if __name__ == "__main__":
    harness.main()
