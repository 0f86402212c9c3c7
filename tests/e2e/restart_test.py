#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""With pin_path no packet is lost between two runs of weir, however the first one ended:
also by SIGKILL during an eviction. State of another layout is refused, not misread."""

import json
import os
import shutil
import signal
import subprocess

import capture
import harness

PACKETS, FLOWS = 100_000, 1_000

PIPELINE = """
source    {{ name: "flows"    type: "ebpf_map"
            config {{
              interfaces: "{interfaces}" cache_active_timeout: "20ms" cache_max_flows: {flows}
              flow_table: {table} pin_path: "{pins}" }} }}
transform {{ name: "name"     type: "interface_namer" input: "flows" }}
sink      {{ name: "console"  type: "stdout"          input: "name"
            config {{ format: JSON }} }}
"""

KEY = ("Etype", "FlowDirection", "SrcMac", "DstMac", "SrcAddr", "DstAddr", "SrcPort", "DstPort",
       "Proto", "IFIndex", "StartMonoTimeNs")


class PinnedTest(harness.NamespaceTest):

    def setUp(self):
        super().setUp()
        bpf = os.path.join(self.folder, "bpf")
        os.mkdir(bpf)
        harness.run("mount", "-t", "bpf", "bpf", bpf)
        self.addCleanup(subprocess.run, ["umount", bpf], check=False)
        self.pins = os.path.join(bpf, "weir")

    def start_weir(self, **settings):
        values = {"interfaces": "veth-b", "table": "MAPPED", "flows": 100_000, "pins": self.pins, **settings}
        config = self.write("pipeline.textproto", PIPELINE.format(**values))
        return self.weir("run", "--config=" + config,
                         f"--drain_timeout={harness.DEADLINE_SECONDS}s", netns=self.b)

    def links(self):
        """Returns the names of the pinned links, which keep programs attached."""
        return sorted(name for name in os.listdir(self.pins) if name.startswith("weir_link_"))

    def attached(self):
        """Returns (link id, program id) of each pinned link."""
        shown = [json.loads(harness.run("bpftool", "-j", "link", "show", "pinned",
                                        os.path.join(self.pins, name))) for name in self.links()]
        return [(link["id"], link["prog_id"]) for link in shown]

    @staticmethod
    def all_links():
        """Returns the ids of all links in the kernel."""
        return {link["id"] for link in json.loads(harness.run("bpftool", "-j", "link", "show"))}


class Restarts:
    """The tests, for one kind of flow table."""

    table = None

    def collect(self, weir, flows):
        """Adds the records of one run to `flows`. Records in flight when weir was killed come
        again in the next run: records with the same flow and start are the same."""
        for record in weir.records():
            key = tuple(record[name] for name in KEY)
            counts = (record["Packets"], record["Bytes"])
            self.assertEqual(flows.setdefault(key, counts), counts)

    def test_twelve_ends_during_traffic_lose_nothing(self):
        path = os.path.join(self.folder, "flows.pcap")
        capture.write_flows(path, PACKETS, FLOWS)
        weir = self.start_weir(table=self.table)
        weir.wait_for_log("measuring 1 interface")
        before = self.counters(self.b, "veth-b")
        replay = subprocess.Popen(
            ["ip", "netns", "exec", self.a, "tcpreplay", "-q", "--pps=200000", "--loop=200",
             "-i", "veth-a", path],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self._end, replay)
        flows = {}
        for end in (signal.SIGKILL, signal.SIGTERM, *[signal.SIGKILL] * 4) * 2:
            # Ends weir while it writes the records of an eviction.
            harness.wait_until(lambda weir=weir: weir.wrote_records(), "records")
            weir.stop(end)
            self.assertIsNone(replay.poll(), "the traffic ended too early for this test")
            self.collect(weir, flows)
            self.assertEqual(len(self.attached()), 2)
            weir = self.start_weir(table=self.table)
        weir.wait_for_log("measuring 1 interface")
        replay.send_signal(signal.SIGINT)
        replay.wait(timeout=harness.DEADLINE_SECONDS)
        self.assertIn("continues with the flows pinned in " + self.pins, weir.stderr())
        self.assertEqual(weir.stop(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        self.collect(weir, flows)

        after = self.counters(self.b, "veth-b")
        received = after["rx_packets"] - before["rx_packets"]
        self.assertGreater(received, 10 * FLOWS)
        self.assertEqual(sum(packets for packets, _ in flows.values()), received)
        self.assertEqual(sum(octets for _, octets in flows.values()),
                         after["rx_bytes"] - before["rx_bytes"])
        metrics = weir.metrics()
        self.assertEqual(metrics["weir_datapath_packets_total", ""], received)
        self.assertEqual(metrics["weir_datapath_dropped_packets_total", ""], 0)


class MappedRestartTest(Restarts, PinnedTest):

    table = "MAPPED"


class HashRestartTest(Restarts, PinnedTest):

    table = "HASH"


class PinPathTest(PinnedTest):

    def refused(self, weir):
        self.assertEqual(weir.wait(), 1, weir.stderr())
        return weir.stderr()

    def test_pins_of_other_settings_are_refused_and_left_alone(self):
        weir = self.start_weir()
        weir.wait_for_log("measuring 1 interface")
        self.assertIn("another process uses it", self.refused(self.start_weir()))
        self.assertEqual(weir.stop(), harness.EXIT_CLEAN)
        programs = self.attached()
        self.assertEqual(len(programs), 2)

        error = self.refused(self.start_weir(flows=1000))
        self.assertIn("have cache_max_flows 100000, not 1000; 'rm -r ", error)
        self.assertIn("have flow_table MAPPED, not HASH",
                      self.refused(self.start_weir(table="HASH")))
        note = os.path.join(self.pins, "weir_note")
        value = self.inside(self.b, "bpftool", "-j", "map", "dump", "pinned", note)
        octets = value.split('"value":[')[1].split("]")[0].replace('"', "").split(",")
        harness.run("bpftool", "map", "update", "pinned", note, "key", "hex", "00", "00", "00", "00",
                    "value", "hex", "ff", *[octet[2:] for octet in octets[1:]])
        self.assertRegex(self.refused(self.start_weir()),
                         "layout of version 255, and this weir reads version [0-9]+; 'rm -r ")
        self.assertEqual(self.attached(), programs)

        links = {link for link, _ in programs}
        self.assertLessEqual(links, self.all_links())
        shutil.rmtree(self.pins)
        harness.wait_until(lambda: not links & self.all_links(), "programs to be detached")

    def test_interfaces_are_followed_over_a_restart(self):
        for number in (1, 2):
            self.inside(self.b, "ip", "link", "add", f"late-{number}", "type", "veth",
                        "peer", "name", f"other-{number}")
        weir = self.start_weir(interfaces="/^late/")
        weir.wait_for_log("measuring 2 interfaces")
        weir.stop(signal.SIGKILL)
        self.assertEqual(len(self.links()), 4)
        former = {link for link, _ in self.attached()}
        self.inside(self.b, "ip", "link", "del", "late-1")
        weir = self.start_weir(interfaces="veth-b")
        weir.wait_for_log("measuring 1 interface")
        # Nothing is left of the deleted interface and of those no longer measured.
        index = self.if_index(self.b, "veth-b")
        harness.wait_until(lambda: self.links() == [f"weir_link_{index}_egress",
                                                    f"weir_link_{index}_ingress"], "links")
        harness.wait_until(lambda: not former & self.all_links(), "programs to be detached")
        self.assertEqual(weir.stop(), harness.EXIT_CLEAN)

    def test_a_folder_outside_a_bpf_file_system_is_refused_with_advice(self):
        error = self.refused(self.start_weir(pins=os.path.join(self.folder, "pins")))
        self.assertIn("not in a BPF file system: mount one with 'mount -t bpf", error)
        error = self.refused(self.start_weir(pins=self.pins + ".d"))
        self.assertIn("a name in a BPF file system cannot contain a dot", error)


if __name__ == "__main__":
    harness.main()
