#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`netns: ALL`: weir measures interfaces in other network namespaces, distinguishes equal
interface indexes, and keeps no namespace alive."""

import contextlib
import json
import os
import signal
import subprocess

import harness

# Measures only the interfaces of this test.
PIPELINE = """
source    { name: "flows"    type: "ebpf_map"
            config { netns: ALL interfaces: "/^%(mine)s/"
                     cache_active_timeout: "100ms" %(more)s } }
source    { name: "overflow" type: "ebpf_ringbuf"
            config { read_interval: "1ms" } }
transform { name: "account"  type: "accounter"       input: "overflow" }
transform { name: "name"     type: "interface_namer" input: "flows" input: "account" }
sink      { name: "console"  type: "stdout"          input: "name"
            config { format: JSON } }
"""

# Sends frames with an experimental EtherType from an interface, each a flow of its own.
SENDER = """
import socket, sys
link, count = sys.argv[1], int(sys.argv[2])
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
    sender.bind((link, 0))
    for number in range(count):
        sender.send(b'\\x02\\0' + number.to_bytes(4, 'big') + b'\\x02\\0\\0\\0\\0\\1\\x88\\xb5' + bytes(46))
"""

# Sends frames of one flow from an interface until its standard input ends, at most a million.
# Ignores frames that cannot be sent while there is no carrier.
TRAFFIC = """
import select, socket, sys
frame = bytes.fromhex('020000000002020000000001' + '88b5') + bytes(46)
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
    sender.bind((sys.argv[1], 0))
    for _ in range(10000):
        if select.select([sys.stdin], [], [], 0)[0]:
            break
        for _ in range(100):
            try:
                sender.send(frame)
            except OSError:
                pass
"""
MOVES = 6
BETWEEN_MOVES = 1000  # packets

INGRESS, EGRESS = 0, 1


class NamespacesTest(harness.NamespaceTest):

    def test_other_namespaces_of_the_machine_do_not_matter(self):
        """Checks the isolation of this test: it sees only the namespaces that it made."""
        self.assertEqual(sorted(os.listdir("/run/netns")), sorted([self.a, self.b]))
        namespaces = set()
        for process in os.listdir("/proc"):
            if process.isdigit() and os.path.exists(f"/proc/{process}/ns/net"):
                namespaces.add(os.readlink(f"/proc/{process}/ns/net"))
        self.assertEqual(namespaces, {os.readlink("/proc/self/ns/net")})
        self.assertEqual([link["ifname"] for link in json.loads(harness.run("ip", "-j", "link"))
                          if "UP" in link["flags"]], ["lo"])

    def setUp(self):
        super().setUp()
        self.mine = f"w{os.getpid()}-"  # the prefix of all interface names
        for name, end in ((self.a, "a"), (self.b, "b")):
            self.rename(name, f"veth-{end}", f"{self.mine}{end}")

    def rename(self, netns, link, name):
        self.inside(netns, "ip", "link", "set", link, "down")
        self.inside(netns, "ip", "link", "set", link, "name", name)
        self.inside(netns, "ip", "link", "set", name, "up")
        self.wait_for_carrier(netns, name)

    def run_weir(self, more="", **options):
        config = self.write("pipeline.textproto", PIPELINE % {"mine": self.mine, "more": more})
        return self.weir("run", "--log_level=debug", "--config=" + config, **options)

    def wait_until_measured(self, weir, *ends):
        for end in ends:
            weir.wait_for_log(f"interface '{self.mine}{end}' (")

    def send(self, netns, end, count):
        self.inside(netns, "python3", "-c", SENDER, self.mine + end, str(count))

    def inode(self, netns):
        return os.stat(f"/run/netns/{netns}").st_ino

    def end(self, weir):
        self.assertEqual(weir.stop(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        return weir.records()

    def totals(self, records):
        """Returns (namespace, index, name, direction) -> packets."""
        seen = {}
        for record in records:
            key = (record["NetworkNamespace"], record["IFIndex"], record["Interface"],
                   record["FlowDirection"])
            seen[key] = seen.get(key, 0) + record["Packets"]
        return seen

    def namespaces_of_threads(self, weir):
        folder = f"/proc/{weir.process.pid}/task"
        return {os.readlink(f"{folder}/{task}/ns/net") for task in os.listdir(folder)}

    def held(self, weir):
        """Returns the open descriptors of weir, without those that follow other namespaces."""
        held = []
        for number in os.listdir(f"/proc/{weir.process.pid}/fd"):
            try:
                held.append(os.readlink(f"/proc/{weir.process.pid}/fd/{number}").split(":[")[0])
            except FileNotFoundError:  # closed meanwhile
                pass
        namespaces = held.count("net")
        held = [target for target in held if target != "net"]
        for _ in range(namespaces):
            held.remove("socket")
        return sorted(held)

    def check_equal_indexes(self, more):
        index = self.if_index(self.a, self.mine + "a")
        self.assertEqual(index, self.if_index(self.b, self.mine + "b"),
                         "the two ends have different indexes: this test shows nothing")
        weir = self.run_weir(more)
        self.wait_until_measured(weir, "a", "b")
        self.send(self.a, "a", 300)
        self.send(self.b, "b", 200)
        records = self.end(weir)
        a, b = self.inode(self.a), self.inode(self.b)
        self.assertEqual(self.totals(records), {
            (a, index, self.mine + "a", EGRESS): 300, (b, index, self.mine + "b", INGRESS): 300,
            (b, index, self.mine + "b", EGRESS): 200, (a, index, self.mine + "a", INGRESS): 200})
        metrics = weir.metrics()
        self.assertEqual(metrics["weir_datapath_packets_total", ""], 1000)
        self.assertEqual(metrics["weir_datapath_dropped_packets_total", ""], 0)
        return metrics

    def test_equal_indexes_stay_apart_in_the_mapped_table(self):
        self.check_equal_indexes("flow_table: MAPPED")

    def test_equal_indexes_stay_apart_in_hash_tables(self):
        self.check_equal_indexes("flow_table: HASH")

    def test_equal_indexes_stay_apart_in_the_ring(self):
        metrics = self.check_equal_indexes('cache_max_flows: 1')
        self.assertGreater(metrics["weir_datapath_ringbuf_packets_total", ""], 900)

    def test_equal_indexes_stay_apart_by_clsact(self):
        self.check_equal_indexes("attach: CLSACT")
        for netns in (self.a, self.b):
            self.assertNotIn("clsact", self.inside(netns, "tc", "qdisc", "show"))

    def test_weir_measures_its_own_namespace_as_before(self):
        weir = self.run_weir(netns=self.b)
        self.wait_until_measured(weir, "a", "b")
        self.send(self.a, "a", 10)
        records = self.end(weir)
        index = self.if_index(self.b, self.mine + "b")
        self.assertEqual(self.totals(records), {
            (self.inode(self.a), index, self.mine + "a", EGRESS): 10,
            (self.inode(self.b), index, self.mine + "b", INGRESS): 10})

    def test_a_namespace_comes_and_goes(self):
        weir = self.run_weir()
        self.wait_until_measured(weir, "a", "b")
        before = self.held(weir)
        for number in range(3):
            netns, near, far = f"weir-c-{os.getpid()}", f"n{number}", f"f{number}"
            harness.run("ip", "netns", "add", netns)
            self.addCleanup(subprocess.run, ["ip", "netns", "del", netns], check=False,
                            capture_output=True)
            self.inside(netns, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
            self.inside(self.a, "ip", "link", "add", self.mine + near, "type", "veth",
                        "peer", "name", self.mine + far, "netns", netns)
            for name, end in ((netns, far), (self.a, near)):
                self.inside(name, "ip", "link", "set", self.mine + end, "up")
            self.wait_until_measured(weir, near, far)
            self.wait_for_carrier(netns, self.mine + far)
            inode, index = self.inode(netns), self.if_index(netns, self.mine + far)
            self.send(self.a, near, 5)
            self.assertEqual(self.namespaces_of_threads(weir), {os.readlink("/proc/self/ns/net")})
            # Its flows come out after it is gone, with the name of the interface.
            harness.run("ip", "netns", "del", netns)
            harness.wait_until(
                lambda near=near: self.mine + near not in self.inside(self.a, "ip", "link"),
                "the end of the cable, which ends with its namespace")
            key = (inode, index, self.mine + far, INGRESS)
            harness.wait_until(lambda key=key: self.totals(weir.records()).get(key) == 5, key)
        harness.wait_until(lambda: self.held(weir) == before, f"only {before} to be open")
        self.end(weir)

    def add_namespace(self):
        netns = f"weir-c-{os.getpid()}"
        harness.run("ip", "netns", "add", netns)
        self.addCleanup(subprocess.run, ["ip", "netns", "del", netns], check=False,
                        capture_output=True)
        self.inside(netns, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
                    "net.ipv6.conf.default.disable_ipv6=1")
        return netns

    def add_cable(self, end, other):
        """Adds a veth pair: `end` in self.a and `other` in self.b."""
        self.inside(self.a, "ip", "link", "add", self.mine + end, "type", "veth",
                    "peer", "name", self.mine + other, "netns", self.b)
        for netns, name in ((self.a, end), (self.b, other)):
            self.set_up(netns, name)

    def set_up(self, netns, end):
        self.inside(netns, "ip", "link", "set", self.mine + end, "up")

    def move(self, end, netns, to):
        self.inside(netns, "ip", "link", "set", self.mine + end, "netns", to)
        self.set_up(to, end)

    def states_of_threads(self, weir):
        folder, states = f"/proc/{weir.process.pid}/task", set()
        for task in os.listdir(folder):
            with open(f"{folder}/{task}/stat", encoding="ascii") as stat:
                states.add(stat.read().rpartition(")")[2].split()[0])
        return states

    @contextlib.contextmanager
    def halted(self, weir):
        """Stops weir inside the with block."""
        os.kill(weir.process.pid, signal.SIGSTOP)
        try:
            harness.wait_until(lambda: self.states_of_threads(weir) == {"T"}, "a halt of weir")
            yield
        finally:
            os.kill(weir.process.pid, signal.SIGCONT)

    def missed(self, weir):
        return weir.metrics()["weir_interface_packets_before_attachment_total", ""]

    def of(self, records, end):
        return harness.totals(records, Interface=self.mine + end)[0]

    def ingress(self, records):
        return harness.totals(records, FlowDirection=INGRESS)[0]

    def check_new(self, attach):
        weir = self.run_weir(f"attach: {attach}")
        self.wait_until_measured(weir, "a", "b")
        with self.halted(weir):
            self.add_cable("n", "f")
            self.wait_for_carrier(self.b, self.mine + "f")
            self.send(self.a, "n", 50)
            # This one is deleted before weir has seen it. The kernel may no longer report what
            # its far end has received.
            self.add_cable("d", "e")
            self.wait_for_carrier(self.b, self.mine + "e")
            self.send(self.a, "d", 9)
            self.inside(self.a, "ip", "link", "del", self.mine + "d")
        self.wait_until_measured(weir, "n", "f")
        self.send(self.a, "n", 7)
        records = self.end(weir)
        self.assertEqual((self.of(records, "n"), self.of(records, "f")), (7, 7))
        self.assertIn(self.missed(weir), (50 + 50 + 9, 50 + 50 + 9 + 9))

    def test_packets_before_the_attachment_to_a_new_interface_are_counted(self):
        self.check_new("TCX")

    def test_packets_before_the_attachment_to_a_new_interface_are_counted_by_clsact(self):
        self.check_new("CLSACT")

    def test_packets_before_a_new_namespace_is_found_are_counted(self):
        weir = self.run_weir()
        self.wait_until_measured(weir, "a", "b")
        with self.halted(weir):
            netns = self.add_namespace()
            self.inside(self.a, "ip", "link", "add", self.mine + "n", "type", "veth",
                        "peer", "name", self.mine + "f", "netns", netns)
            self.set_up(self.a, "n")
            self.set_up(netns, "f")
            self.wait_for_carrier(netns, self.mine + "f")
            self.send(self.a, "n", 40)
        self.wait_until_measured(weir, "n", "f")
        self.send(self.a, "n", 7)
        records = self.end(weir)
        self.assertEqual((self.of(records, "n"), self.of(records, "f")), (7, 7))
        self.assertEqual(self.missed(weir), 40 + 40)

    def start_measuring_a_cable_with_a_past(self, attach):
        self.add_cable("n", "f")
        self.wait_for_carrier(self.b, self.mine + "f")
        self.send(self.a, "n", 1000)
        weir = self.run_weir(f"attach: {attach}")
        self.wait_until_measured(weir, "n", "f")
        return weir

    def check_move(self, attach):
        """Moves one end of a cable. Returns the packets in ingress records."""
        weir = self.start_measuring_a_cable_with_a_past(attach)
        self.send(self.a, "n", 10)
        with self.halted(weir):
            self.move("f", self.b, self.a)
            self.wait_for_carrier(self.a, self.mine + "f")
            self.send(self.a, "n", 50)
        measured = f"interface '{self.mine}f' ({self.if_index(self.a, self.mine + 'f')}) is"
        harness.wait_until(lambda: measured in weir.stderr().rpartition("at most")[2], measured)
        self.send(self.a, "n", 7)
        records = self.end(weir)
        self.assertEqual(self.of(records, "n"), 67)
        self.assertEqual(self.missed(weir), 50)
        return self.ingress(records)

    def test_packets_before_the_attachment_to_a_moved_interface_are_counted(self):
        # The kernel leaves the old program attached, which also sees them.
        self.assertIn(self.check_move("TCX"), (17, 67))

    def test_packets_before_the_attachment_to_a_moved_interface_are_counted_by_clsact(self):
        self.assertEqual(self.check_move("CLSACT"), 17)

    def check_moves_under_traffic(self, attach):
        weir = self.start_measuring_a_cable_with_a_past(attach)
        sender = subprocess.Popen(
            ["ip", "netns", "exec", self.a, "python3", "-c", TRAFFIC, self.mine + "n"],
            stdin=subprocess.PIPE)
        self.addCleanup(self._end, sender)
        self.addCleanup(sender.stdin.close)
        here, there = self.b, self.a

        def arrived():
            return self.counters(here, self.mine + "f")["rx_packets"]
        for _ in range(MOVES):
            before = arrived()
            harness.wait_until(lambda before=before: arrived() > before + BETWEEN_MOVES, "traffic")
            self.move("f", here, there)
            here, there = there, here
        before = arrived()
        harness.wait_until(lambda: arrived() > before + BETWEEN_MOVES, "traffic")
        sender.stdin.close()
        sender.wait()
        # weir learns of events in order: when it knows the new interfaces, it knows all moves.
        self.inside(self.a, "ip", "link", "add", self.mine + "end", "type", "bridge")
        self.inside(self.b, "ip", "link", "add", self.mine + "end2", "type", "bridge")
        self.wait_until_measured(weir, "end", "end2")
        records = self.end(weir)
        missed = self.missed(weir)
        sent = arrived() - 1000
        seen = self.ingress(records)
        print(f"{attach}: {MOVES} moves, {sent} packets, {seen} in records, {missed} missed at most")
        self.assertGreaterEqual(seen + missed, sent)

    def test_moves_under_traffic(self):
        self.check_moves_under_traffic("TCX")

    def test_moves_under_traffic_by_clsact(self):
        self.check_moves_under_traffic("CLSACT")

    def test_a_namespace_that_has_a_process_and_no_name(self):
        weir = self.run_weir()
        self.wait_until_measured(weir, "a", "b")
        holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec cat"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(holder.stdout.close)
        self.addCleanup(self._end, holder)
        holder.stdout.readline()
        self.inside(self.a, "ip", "link", "add", self.mine + "n", "type", "veth",
                    "peer", "name", self.mine + "f", "netns", str(holder.pid))
        self.inside(self.a, "ip", "link", "set", self.mine + "n", "up")
        harness.run("nsenter", "--net", f"--target={holder.pid}", "sh", "-c",
                    "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6;"
                    f"ip link set {self.mine}f up")
        self.wait_until_measured(weir, "n", "f")
        inode = os.stat(f"/proc/{holder.pid}/ns/net").st_ino
        self.send(self.a, "n", 7)
        holder.stdin.close()
        holder.wait()
        harness.wait_until(lambda: self.mine + "n" not in self.inside(self.a, "ip", "link"),
                           "the end of the cable, which ends with its namespace")
        records = self.end(weir)
        self.assertEqual(harness.totals(records, NetworkNamespace=inode,
                                        Interface=self.mine + "f")[0], 7)


if __name__ == "__main__":
    harness.main(alone=True)
