#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real programs communicate between two namespaces. Their flows have the right addresses,
ports, directions, interface names and times."""

import datetime
import re
import subprocess
import time

import harness

PIPELINE = """
source    { name: "flows"    type: "ebpf_map"
            config { interfaces: "/^veth-/" interfaces: "/^late/"
                     cache_active_timeout: "200ms" %s } }
source    { name: "overflow" type: "ebpf_ringbuf" }
transform { name: "account"  type: "accounter"       input: "overflow" }
transform { name: "name"     type: "interface_namer" input: "flows" input: "account" }
sink      { name: "console"  type: "stdout"          input: "name"
            config { format: JSON } }
"""

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
INGRESS, EGRESS = 0, 1


def parse_time(text):
    """Parses an RFC 3339 time with nanoseconds. Returns seconds since 1970."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    moment = datetime.datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S")
    return moment.replace(tzinfo=datetime.timezone.utc).timestamp() + float("0." + (fraction or "0"))


class TrafficTest(harness.NamespaceTest):

    def start_weir(self, more=""):
        config = self.write("pipeline.textproto", PIPELINE % more)
        weir = self.weir("run", "--log_level=debug", "--config=" + config, netns=self.b)
        weir.wait_for_log("measuring 1 interface")
        return weir

    def end(self, weir):
        self.assertEqual(weir.stop(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        return weir.records()

    def test_ping_is_two_flows_of_each_family(self):
        self.enable_ip()
        weir = self.start_weir()
        begin = time.time()
        self.inside(self.a, "ping", "-q", "-c", "5", "-i", "0.05", "-Q", "0xb9", "10.78.0.2")
        self.inside(self.a, "ping", "-q", "-c", "7", "-i", "0.05", "-s", "100", "fd78::2")
        end = time.time()
        records = self.end(weir)
        for source, target, protocol, count, size in (
                ("10.78.0.1", "10.78.0.2", ICMP, 5, 14 + 20 + 8 + 56),
                ("fd78::1", "fd78::2", ICMPV6, 7, 14 + 40 + 8 + 100)):
            for direction, ends in ((INGRESS, (source, target)), (EGRESS, (target, source))):
                flow = [r for r in records if r["FlowDirection"] == direction and
                        (r["SrcAddr"], r["DstAddr"]) == ends and r["Bytes"] == r["Packets"] * size]
                self.assertEqual(harness.totals(flow), (count, count * size), flow)
                for record in flow:
                    self.assertEqual(record["Proto"], protocol)
                    # Echo request and reply.
                    self.assertEqual((record["IcmpType"], record["IcmpCode"]),
                                     ({ICMP: (8, 0), ICMPV6: (128, 129)}[protocol][direction], 0))
                    self.assertEqual(record["WirePackets"], record["Packets"])
                    self.assertEqual(record["Dscp"], 46 if protocol == ICMP else 0)
                    self.assertNotIn("TcpFlags", record)
                    self.assertEqual((record["SrcPort"], record["DstPort"]), (0, 0))
                    self.assertEqual(record["Interface"], "veth-b")
                    self.assertEqual(record["IFIndex"], self.if_index(self.b, "veth-b"))
                    start, stop = parse_time(record["TimeFlowStart"]), parse_time(record["TimeFlowEnd"])
                    # The clocks are not read at the same instant, so allow a difference.
                    self.assertLessEqual(begin - 0.5, start)
                    self.assertLessEqual(start, stop)
                    self.assertLessEqual(stop, end + 0.5)
        arp = [r for r in records if r["Etype"] == 0x0806]
        self.assertTrue(arp, "no ARP flow")
        self.assertEqual({r["SrcAddr"] for r in arp}, {"::"})
        self.assertNotIn("Dscp", arp[0])


    def check_iperf3(self, source, target, protocol, *options):
        self.enable_ip()
        weir = self.start_weir()
        before = self.counters(self.b, "veth-b")
        self.iperf3(self.b, self.a, "-c", target, "-n", "5M", *options)
        after = self.counters(self.b, "veth-b")
        records = self.end(weir)
        data = [r for r in records if r["Proto"] == protocol and r["DstPort"] == 5201 and
                r["FlowDirection"] == INGRESS]
        self.assertEqual({(r["SrcAddr"], r["DstAddr"], r["Interface"]) for r in data},
                         {(source, target, "veth-b")})
        # The client stops when it has written 5 MB, not all of which may be sent.
        self.assertGreater(harness.totals(data)[1], 1_000_000)
        # Stray packets (neighbour discovery) may come outside the two reads of the counters,
        # so the flows may have a few packets more than the difference, but never fewer.
        received = after["rx_packets"] - before["rx_packets"]
        sent = after["tx_packets"] - before["tx_packets"]
        for direction, counted in ((INGRESS, received), (EGRESS, sent)):
            total = harness.totals(records, FlowDirection=direction)[0]
            self.assertGreaterEqual(total, counted)
            self.assertLess(total, counted + 20)
        # The replies are a flow with source and destination exchanged.
        self.assertTrue([r for r in records if r["FlowDirection"] == EGRESS and
                         r["SrcPort"] == 5201 and (r["SrcAddr"], r["DstAddr"]) == (target, source)])
        return data

    def test_iperf3_over_tcp_and_ipv4(self):
        data = self.check_iperf3("10.78.0.1", "10.78.0.2", TCP)
        # Each connection begins with a SYN and continues with ACKs. It may end after weir does.
        flags = {}
        for record in data:
            flags[record["SrcPort"]] = flags.get(record["SrcPort"], 0) | record["TcpFlags"]
        self.assertEqual(len(flags), 2, "a control connection and one for data")
        for seen in flags.values():
            self.assertEqual(seen & 0x12, 0x12)
        for record in data:
            self.assertEqual(record["WirePackets"], record["Packets"])

    def test_unsegmented_buffers_count_as_the_packets_on_the_wire(self):
        for name, link in ((self.a, "veth-a"), (self.b, "veth-b")):
            self.inside(name, "ethtool", "-K", link, "gso", "on", "tso", "on")
        data = self.check_iperf3("10.78.0.1", "10.78.0.2", TCP)
        biggest = max(data, key=lambda record: record["Bytes"])
        self.assertGreater(biggest["WirePackets"], 2 * biggest["Packets"])
        # Headers count once per buffer, so a packet on the wire has a segment of at most 1460.
        self.assertLess(biggest["Bytes"] / biggest["WirePackets"], 1514)
        self.assertGreater(biggest["Bytes"] / biggest["WirePackets"], 1000)

    def test_iperf3_over_udp_and_ipv6(self):
        self.check_iperf3("fd78::1", "fd78::2", UDP, "-6", "-u", "-b", "200M", "-l", "1000")

    def test_direction_and_sampling(self):
        self.enable_ip()
        weir = self.start_weir("direction: EGRESS sampling: 1000000000")
        self.inside(self.a, "ping", "-q", "-c", "5", "-i", "0.05", "10.78.0.2")
        records = self.end(weir)
        self.assertEqual(records, [])  # fails once in a hundred million runs
        metrics = weir.metrics()
        self.assertGreaterEqual(metrics["weir_datapath_sampled_out_packets_total", ""], 5)

        weir = self.start_weir("direction: EGRESS")
        self.inside(self.a, "ping", "-q", "-c", "5", "-i", "0.05", "10.78.0.2")
        records = self.end(weir)
        self.assertEqual({r["FlowDirection"] for r in records}, {EGRESS})
        self.assertEqual(harness.totals(records, Proto=ICMP)[0], 5)

    def test_interfaces_by_their_addresses(self):
        config = self.write("pipeline.textproto", (PIPELINE % "").replace(
            'interfaces: "/^veth-/" interfaces: "/^late/"', 'interface_ips: "10.78.0.0/24"'))
        weir = self.weir("run", "--log_level=debug", "--config=" + config, netns=self.b)
        weir.wait_for_log("measuring 0 interfaces")
        self.enable_ip()
        weir.wait_for_log("interface 'veth-b' (")
        self.inside(self.a, "ping", "-q", "-c", "5", "-i", "0.05", "10.78.0.2")
        self.inside(self.b, "ip", "address", "del", "10.78.0.2/24", "dev", "veth-b")
        weir.wait_for_log("interface 'veth-b' no longer has an address in interface_ips")
        self.inside(self.a, "ping", "-q", "-c", "5", "-i", "0.05", "fd78::2")
        records = self.end(weir)
        self.assertEqual(harness.totals(records, Proto=ICMP)[0], 10)
        self.assertFalse([r for r in records if r.get("IcmpType") == 128])

    def test_an_interface_that_appears_and_goes_keeps_its_name(self):
        weir = self.start_weir()
        # Twice: the second interface has another index and may reuse the memory of the first.
        for number in (1, 2):
            self.inside(self.b, "ip", "link", "add", f"late-{number}", "type", "veth",
                        "peer", "name", f"far-{number}")
            for link in (f"late-{number}", f"far-{number}"):
                self.inside(self.b, "ip", "link", "set", link, "up")
            weir.wait_for_log(f"interface 'late-{number}' ")
            index = self.if_index(self.b, f"late-{number}")
            self.send_frames(self.b, f"far-{number}", 3)
            self.inside(self.b, "ip", "link", "del", f"late-{number}")
            harness.wait_until(
                lambda index=index: harness.totals(weir.records(), IFIndex=index)[0] >= 3, "flows")
            named = {r["Interface"] for r in weir.records() if r["IFIndex"] == index}
            self.assertEqual(named, {f"late-{number}"})
        self.end(weir)

    def test_the_built_in_pipeline_prints_a_table_or_json(self):
        self.enable_ip()
        weir = self.weir("run", netns=self.b)
        weir.wait_for_log("measuring 1 interface")
        self.inside(self.a, "ping", "-q", "-c", "3", "-i", "0.05", "10.78.0.2")
        records = self.end(weir)  # standard output is a file: JSON
        self.assertEqual(harness.totals(records, Proto=ICMP)[0], 6)

    def test_a_reader_that_goes_ends_the_program_cleanly(self):
        self.enable_ip()
        config = self.write("pipeline.textproto", PIPELINE % "")
        reader = subprocess.Popen(["head", "-2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        log = open(self.write("log", ""), "w+", encoding="utf-8")
        self.addCleanup(log.close)
        weir = subprocess.Popen(
            ["ip", "netns", "exec", self.b, harness.WEIR, "run", "--config=" + config],
            stdout=reader.stdin, stderr=log)
        self.addCleanup(self._end, weir)
        reader.stdin.close()
        # weir notices that the reader is gone only when it writes.
        harness.wait_until(lambda: self.ping_once() and weir.poll() is not None, "weir's end")
        self.assertEqual(len(reader.stdout.read().splitlines()), 2)
        reader.stdout.close()
        reader.wait()
        log.seek(0)
        text = log.read()
        self.assertEqual(weir.returncode, harness.EXIT_CLEAN, text)
        self.assertTrue(re.search(r"sink 'console': \d+ dropped: reader_gone", text), text)

    def ping_once(self):
        # Only the packets matter, so a late reply is no failure.
        subprocess.run(["ip", "netns", "exec", self.a, "ping", "-q", "-c", "1", "10.78.0.2"],
                       stdout=subprocess.DEVNULL, check=False)
        return True


if __name__ == "__main__":
    harness.main()
