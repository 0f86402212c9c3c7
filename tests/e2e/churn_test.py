#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Thousands of interfaces appear and disappear while weir measures them all. Afterwards
neither weir nor the kernel holds anything of them, and all their packets are in flows."""

import json
import os
import subprocess

import harness

PIPELINE = """
source    { name: "flows"    type: "ebpf_map"
            config { interfaces: "/^c/" cache_active_timeout: "100ms"
                     %s } }
source    { name: "overflow" type: "ebpf_ringbuf" }
transform { name: "account"  type: "accounter"       input: "overflow" }
transform { name: "name"     type: "interface_namer" input: "flows" input: "account" }
sink      { name: "console"  type: "stdout"          input: "name"
            config { format: JSON } }
"""

ROUNDS = 2000  # cables (veth pairs) to make and delete; weir measures one end of each
AT_ONCE = 40  # cables made and deleted together; one by one each takes the kernel 20 ms
ONE_BY_ONE = 100
WARM_UP = 300
# Every GROUPS-th group waits until weir has attached to all its cables, which takes the
# kernel 10 ms each. The others may be gone before weir learns of them.
GROUPS = 8
PACKETS = 3  # in each direction through each cable of such a group
# Room for the names of deleted interfaces, of which the namer keeps some thousands.
GROWTH_KIB = 1536

# Reads lines of interface names, sends frames with an experimental EtherType from each
# interface, and answers every line with a line.
SENDER = f"""
import socket, sys
for line in sys.stdin:
    for link in line.split():
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
            sender.bind((link, 0))
            for _ in range({PACKETS}):
                sender.send(bytes.fromhex('020000000002020000000001' + '88b5') + bytes(46))
    print(flush=True)
"""

INGRESS, EGRESS = 0, 1


class ChurnTest(harness.NamespaceTest):

    def setUp(self):
        super().setUp()
        self.cables = 0  # made so far
        self.used = []  # the numbers of the cables that carried packets

    def run_weir(self, settings):
        config = self.write("pipeline.textproto", PIPELINE % settings)
        weir = self.weir("run", "--log_level=debug", "--config=" + config, netns=self.b)
        weir.wait_for_log("measuring 0 interfaces")
        return weir

    def start_sender(self):
        sender = subprocess.Popen(["ip", "netns", "exec", self.b, "python3", "-c", SENDER],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for stream in (sender.stdout, sender.stdin):
            self.addCleanup(stream.close)
        self.addCleanup(self._end, sender)
        return sender

    def batch(self, commands):
        self.inside(self.b, "ip", "-batch", "-", input="\n".join(commands) + "\n")

    def make(self):
        """Returns the number of the next cable and the commands that make it."""
        number = self.cables
        self.cables += 1
        return number, [f"link add c{number} group 7 type veth peer name d{number}",
                        f"link set c{number} up", f"link set d{number} up"]

    def churn_one_by_one(self, count):
        """Makes and deletes `count` cables, each while weir may be about to attach."""
        commands = []
        for _ in range(count):
            number, made = self.make()
            commands += made + [f"link del c{number}"]
        self.batch(commands)

    def churn_in_groups(self, weir, sender, until):
        group = 0
        while self.cables < until:
            numbers, commands = [], []
            for _ in range(min(AT_ONCE, until - self.cables)):
                number, made = self.make()
                numbers.append(number)
                commands += made
            self.batch(commands)
            if group % GROUPS == 0:
                self.send_through(weir, sender, numbers)
            self.batch(["link del group 7"])
            group += 1

    def send_through(self, weir, sender, numbers):
        # weir learns of them in the order of their creation.
        weir.wait_for_log(f"interface 'c{numbers[-1]}' (")
        sender.stdin.write(" ".join(f"c{number} d{number}" for number in numbers) + "\n")
        sender.stdin.flush()
        sender.stdout.readline()
        links = {link["ifname"]: link["stats64"] for link in json.loads(self.inside(
            self.b, "ip", "-j", "-s", "link")) if link}
        for number in numbers:
            for way in ("rx", "tx"):
                self.assertEqual(links[f"c{number}"][way]["packets"], PACKETS)
        self.used += numbers

    def held(self, weir):
        """Returns the open descriptors of weir, with the ids of BPF objects."""
        held = []
        for number in os.listdir(f"/proc/{weir.process.pid}/fd"):
            try:
                target = os.readlink(f"/proc/{weir.process.pid}/fd/{number}")
                with open(f"/proc/{weir.process.pid}/fdinfo/{number}", encoding="ascii") as info:
                    ids = [line.split() for line in info
                           if line.startswith(("link_id", "prog_id", "map_id"))]
            except FileNotFoundError:  # closed meanwhile
                continue
            held.append((target, ids))
        return sorted(held)

    def resident_kib(self, weir):
        with open(f"/proc/{weir.process.pid}/status", encoding="ascii") as status:
            [line] = [line for line in status if line.startswith("VmRSS:")]
        return int(line.split()[1])

    def check_churn(self, settings, directions):
        weir, sender = self.run_weir(settings), self.start_sender()
        before = self.held(weir)
        self.churn_in_groups(weir, sender, until=WARM_UP)
        warm_kib = self.resident_kib(weir)
        self.churn_one_by_one(ONE_BY_ONE)
        self.churn_in_groups(weir, sender, until=ROUNDS)
        harness.wait_until(lambda: self.held(weir) == before, f"nothing but {before} to be open")
        grown_kib = self.resident_kib(weir) - warm_kib
        print(f"{settings}: {self.cables} cables, {len(self.used)} with packets; resident "
              f"memory {warm_kib} KiB after {WARM_UP} of them, {grown_kib} KiB more at the end")
        # AddressSanitizer keeps freed memory, and finds leaks itself.
        if not os.environ.get("WEIR_SANITIZER"):
            self.assertLess(grown_kib, GROWTH_KIB)
        self.assertEqual(weir.stop(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        self.assert_all_is_accounted(weir, directions)
        self.assertNotIn("clsact", self.inside(self.b, "tc", "qdisc", "show"))

    def assert_all_is_accounted(self, weir, directions):
        counted = {}
        for record in weir.records():
            end = record["Interface"], record["FlowDirection"]
            counted[end] = counted.get(end, 0) + record["Packets"]
        self.assertEqual(counted, {(f"c{number}", direction): PACKETS
                                   for number in self.used for direction in directions})
        metrics = weir.metrics()
        self.assertEqual(metrics["weir_datapath_packets_total", ""],
                         PACKETS * len(self.used) * len(directions))
        self.assertEqual(metrics["weir_datapath_dropped_packets_total", ""], 0)

    def test_by_tcx(self):
        self.check_churn("attach: TCX direction: INGRESS", [INGRESS])

    def test_by_clsact(self):
        self.check_churn("attach: CLSACT", [INGRESS, EGRESS])


if __name__ == "__main__":
    harness.main()
