#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One suite for every sink. It delivers all fields of every record, in order. It delivers all
records that it accepted before weir stops. A destination that is away for a while costs no
record. A destination that never works ends weir with an error, and every record is counted.
The same pipeline with another sink gives the same records."""

import concurrent.futures
import csv
import datetime
import fcntl
import gzip
import io
import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import termios

import capture
import harness
import pbflow

try:
    import grpc
except ImportError:  # of another Python than Debian's
    grpc = None

SOURCE = """
source {{ name: "records" type: "random_records" config {{ [weir/weir.tests.RandomSource] {{
  records: {records} seed: 7 stay: {stay} }} }} }}
"""
SOME, MANY = 3_000, 60_000

# Flows by the clock of the capture, which are the same on every machine.
FLOWS = """
source    {{ name: "capture" type: "pcap"
            config {{ [weir/weir.sources.Pcap] {{ path: "{path}" }} }} }}
transform {{ name: "records" type: "accounter" input: "capture"
            config {{ [weir/weir.transforms.Accounter] {{
              clock: RECORDS max_entries: 100000 evict_timeout: "24h" }} }} }}
"""


# Fields that are optional in pbflow.proto, which omits a value of 0, and fields that it lacks.
IN_PBFLOW = ("TcpFlags", "Dscp", "IcmpType", "IcmpCode", "Sampling", "Duplicate")
NOT_IN_PBFLOW = ("IFIndex", "StartMonoTimeNs", "EndMonoTimeNs", "VlanId", "FlowEndReason",
                 "WirePackets", "WireBytes", "NetworkNamespace", "TcpFlagPairs", "Interfaces")
# The agent that the sink `grpc` sets in records without one.
AGENT = "192.0.2.7"


def time_ns(text):
    """Converts a time of `stdout`, with up to nine decimal places."""
    whole, _, fraction = text[:-1].partition(".")
    since = (datetime.datetime.fromisoformat(whole) - datetime.datetime(1970, 1, 1))
    return ((since.days * 86_400 + since.seconds) * 1_000_000_000
            + int((fraction or "0").ljust(9, "0")))


# A pair of TCP flags, and its flag other than ACK.
PAIRS = ((1, 0x02), (2, 0x01), (4, 0x04))


def beside_ack(pairs):
    return sum(flag for pair, flag in PAIRS if pairs & pair)


def agent_tcp_flags(record):
    pairs = record.get("TcpFlagPairs", 0) & 7
    return record["TcpFlags"] & 0xFF & ~beside_ack(pairs) | pairs << 8


def of_agent_tcp_flags(flags):
    """The flags that the source `grpc` converts these to."""
    pairs = flags >> 8 & 7
    return flags & ~0x700 | (0x10 | beside_ack(pairs) if pairs else 0)


def of_pbflow(record, agent=None):
    """The part of a record, an object of stdout, that a message of pbflow.proto preserves. With
    `agent` the sink `grpc` is the writer: it sets this address in records that have none, and
    encodes TCP flags as agents do."""
    if agent and "TcpFlags" in record:
        record = {**record, "TcpFlags": agent_tcp_flags(record)}
    record = {**({"AgentIp": agent} if agent else {}), **record}
    if record.get("AgentIp") == "::":
        del record["AgentIp"]
    return {key: time_ns(value) if key.startswith("TimeFlow") else value
            for key, value in record.items()
            if key not in NOT_IN_PBFLOW and (value or key not in IN_PBFLOW)}


def as_set(records):
    return {tuple(sorted(record.items())) for record in records}


class Place:
    """The destination of a sink, made for one test."""

    # The sink's `type` and `config`, as in a pipeline file.
    stage = ""

    def __init__(self, test):
        self.test = test

    def options(self):
        """The arguments of weir in addition to the configuration."""
        return {}

    def received(self, weir):
        """All records that arrived, as objects of the sink `stdout`, after weir has ended."""
        raise NotImplementedError

    def carried(self, record):
        """The part of a record, an object of `stdout`, that this place preserves."""
        return record

    def restore(self, weir):
        """Ends the outage after weir has noticed it."""


class SinkSuite:
    """The tests for one kind of place."""

    # A Place, and Broken, to which nothing can be delivered.
    Place = Broken = None
    # The log line about Broken.
    complaint = None

    def start(self, place, source, *options):
        config = self.write("pipeline.textproto",
                            f'{source}\nsink {{ name: "out" input: "records" {place.stage} }}\n')
        plugins = os.path.dirname(harness.runfile("tests/plugins/random_source.so"))
        plugins = f"{harness.PLUGINS}:{plugins}"
        return self.weir("run", "--config=" + config, "--plugin_path=" + plugins,
                         *(options or (f"--drain_timeout={harness.DEADLINE_SECONDS}s",)),
                         **place.options())

    def expected(self, place, source):
        """The expected objects, from the sink `stdout`."""
        weir = self.start(Stdout(self), source)
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        return [place.carried(record) for record in weir.records()]

    def test_every_field_of_every_record_in_order(self):
        source = SOURCE.format(records=SOME, stay="false")
        place = self.Place(self)
        weir = self.start(place, source)
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        expected = self.expected(place, source)
        self.assertEqual(len(expected), SOME)
        for number, (got, wanted) in enumerate(zip(place.received(weir), expected)):
            self.assertEqual(got, wanted, f"record {number}")
        self.assertEqual(len(place.received(weir)), SOME)

    def test_delivers_what_it_has_taken_when_weir_is_stopped(self):
        place = self.Place(self)
        weir = self.start(place, SOURCE.format(records=MANY, stay="true"))
        weir.wait_for_log("all records are emitted")
        self.assertEqual(weir.stop(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        self.assertEqual(len(place.received(weir)), weir.balance()["out"]["received"])
        self.assertEqual(weir.balance()["out"]["dropped"], 0)

    def test_a_place_that_never_works_is_an_error(self):
        weir = self.start(self.Broken(self), SOURCE.format(records=MANY, stay="true"))
        self.assertEqual(weir.wait(), harness.EXIT_FAILED, weir.stderr())
        self.assertIn("sink 'out': ", weir.stderr())
        self.assertIn(self.complaint, weir.stderr())
        self.assert_balanced(weir)
        row = weir.balance()["out"]
        self.assertGreater(row["dropped"], 0)
        self.assertEqual(row["received"], row["emitted"] + row["dropped"])

    def test_the_same_flows_as_any_other_sink(self):
        path = os.path.join(self.folder, "flows.pcap")
        truth = capture.write_flows(path, 20_000, 500)
        source = FLOWS.format(path=path)
        place = self.Place(self)
        weir = self.start(place, source)
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        received = place.received(weir)
        self.assertEqual(len(received), len(truth))
        self.assertEqual(tuple(sum(int(record[key]) for record in received)
                               for key in ("Packets", "Bytes")),
                         tuple(map(sum, zip(*truth.values()))))
        self.assertEqual(as_set(received), as_set(self.expected(place, source)))


class OutageSuite(SinkSuite):
    """Further tests for a place that can be away for a while."""

    # A place that does not exist at first.
    Away = None

    def test_an_outage_costs_nothing(self):
        place = self.Away(self)
        weir = self.start(place, SOURCE.format(records=MANY, stay="false"))
        place.restore(weir)
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        self.assertEqual(len(place.received(weir)), MANY)


class Stdout(Place):
    stage = 'type: "stdout" config { [weir/weir.sinks.Stdout] { format: JSON } }'

    def received(self, weir):
        return weir.records()


class StuckPipe(Stdout):
    """A pipe whose reader reads nothing at first."""

    def __init__(self, test):
        super().__init__(test)
        self.reader, self.writer = os.pipe()
        self.text = b""

    def options(self):
        return {"stdout": self.writer}

    def restore(self, weir):
        os.close(self.writer)

        def full():
            waiting = fcntl.ioctl(self.reader, termios.FIONREAD, b"\0\0\0\0")
            return struct.unpack("i", waiting)[0] >= 32_768
        harness.wait_until(full, "a full pipe")
        with os.fdopen(self.reader, "rb") as file:
            self.text = file.read()

    def received(self, weir):
        return self.text.splitlines()


class FullDevice(Stdout):
    def options(self):
        full = open("/dev/full", "wb")  # pylint: disable=consider-using-with
        self.test.addCleanup(full.close)
        return {"stdout": full}


class StdoutTest(OutageSuite, harness.WeirTest):
    Place, Away, Broken = Stdout, StuckPipe, FullDevice
    complaint = "No space left on device"


class File(Place):
    """A file that grows under its own name."""

    settings = "format: JSON"

    def __init__(self, test):
        super().__init__(test)
        self.path = os.path.join(test.folder, "records")
        self.stage = (f'type: "file" config {{ [weir/weir.sinks.File] {{ '
                      f'path: "{self.path}" {self.settings} }} }}')

    def data(self):
        with open(self.path, "rb") as file:
            return file.read()

    def received(self, weir):
        return [json.loads(line) for line in self.data().decode().split("\n")[:-1]]


class GzipFiles(Place):
    """One file after another, each with its own name when it is complete."""

    def __init__(self, test):
        super().__init__(test)
        self.files = pathlib.Path(test.folder, "files")
        self.files.mkdir()
        self.stage = (f'type: "file" config {{ [weir/weir.sinks.File] {{ path: "{self.files}/%Y.gz" '
                      'rotate_bytes: 50000 compression: GZIP } }')

    def received(self, weir):
        # 2026.gz, 2026.1.gz, 2026.2.gz
        paths = sorted(self.files.iterdir(), key=lambda path: (len(path.name), path.name))
        return [json.loads(line) for path in paths
                for line in gzip.decompress(path.read_bytes()).decode().split("\n")[:-1]]


class ZstdFile(File):
    settings = "format: JSON compression: ZSTD"

    def data(self):
        return subprocess.run(["zstd", "-dc", self.path], stdout=subprocess.PIPE, check=True,
                              timeout=harness.DEADLINE_SECONDS).stdout


class CsvFile(File):
    """Numbers are texts, and fields that were not measured are empty. Names are made harmless
    for terminals and spreadsheets."""

    settings = "format: CSV"

    def received(self, weir):
        text = self.data().decode()
        rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        return [{key: value for key, value in row.items() if value} for row in rows]

    def carried(self, record):
        texts = {key: str(value).lower() if value is True else str(value)
                 for key, value in record.items()}
        controls = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
        name = re.sub(controls, "\ufffd", texts["Interface"])
        texts["Interface"] = "'" + name if name.startswith(("=", "+", "-", "@")) else name
        return {key: text for key, text in texts.items() if text}


class ProtobufFile(File):
    """Contains the fields of the reference's records. Times are numbers."""

    settings = "format: PROTOBUF"

    def received(self, weir):
        return [pbflow.record(message) for message in pbflow.delimited(self.data())]

    def carried(self, record):
        return of_pbflow(record)


class RawFile(File):
    """Contains the key, counters and monotonic times. The source record_file reads it."""

    settings = "format: RAW"
    KEYS = ("Etype", "FlowDirection", "SrcMac", "DstMac", "SrcAddr", "DstAddr", "SrcPort",
            "DstPort", "Proto", "IFIndex", "Packets", "Bytes", "StartMonoTimeNs",
            "EndMonoTimeNs")

    def received(self, weir):
        config = self.test.write("read.textproto", f"""
source {{ name: "file" type: "record_file" config {{ [weir/weir.sources.RecordFile] {{
  path: "{self.path}" wall_clock: "2022-08-23T16:33:22Z" mono_clock_ns: 1 }} }} }}
sink {{ name: "out" type: "stdout" input: "file" config {{ [weir/weir.sinks.Stdout] {{
  format: JSON }} }} }}
""")
        reader = self.test.weir("run", "--config=" + config)
        self.test.assertEqual(reader.wait(), harness.EXIT_CLEAN, reader.stderr())
        return [{key: record[key] for key in self.KEYS} for record in reader.records()]

    def carried(self, record):
        kept = {key: record[key] for key in self.KEYS}
        kept["Packets"] = min(kept["Packets"], 0xFFFFFFFF)
        return kept


class FileOnFullDisk(File):
    """A file system with a few pages."""

    def __init__(self, test):
        super().__init__(test)
        if os.geteuid() != 0:
            test.skipTest("SKIPPED: needs root for a small file system")
        folder = os.path.join(test.folder, "small")
        os.mkdir(folder)
        harness.run("mount", "-t", "tmpfs", "-o", "size=256k", "none", folder)
        test.addCleanup(harness.run, "umount", folder)
        self.path = os.path.join(folder, "records")
        self.stage = (f'type: "file" config {{ [weir/weir.sinks.File] {{ '
                      f'path: "{self.path}" {self.settings} }} }}')


class FileSuite(SinkSuite):
    Broken = FileOnFullDisk
    complaint = "small/records: No space left on device"


class JsonFileTest(FileSuite, harness.WeirTest):
    Place = File


class GzipFilesTest(FileSuite, harness.WeirTest):
    Place = GzipFiles


class ZstdFileTest(FileSuite, harness.WeirTest):
    Place = ZstdFile


class CsvFileTest(FileSuite, harness.WeirTest):
    Place = CsvFile


class ProtobufFileTest(FileSuite, harness.WeirTest):
    Place = ProtobufFile


class RawFileTest(FileSuite, harness.WeirTest):
    Place = RawFile


class Grpc(Place):
    """A collector on the loopback interface that writes its records. The sink sends one message
    at a time, so that they keep their order."""

    starts_at_once = True

    def __init__(self, test):
        super().__init__(test)
        if not harness.GRPC:
            test.skipTest("SKIPPED: this weir was built without gRPC")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.target = f"127.0.0.1:{free.getsockname()[1]}"
        self.stage = (f'type: "grpc" config {{ [weir/weir.sinks.Grpc] {{ target: "{self.target}" '
                      'message_max_flows: 700 flush_interval: "100ms" max_in_flight: 1 '
                      f'agent_ip: "{AGENT}" }} }}')
        self.collector = None
        self.records = None
        if self.starts_at_once:
            self.start_collector()

    def source_settings(self):
        return ""

    def start_collector(self):
        config = self.test.write("collector.textproto", f"""
source {{ name: "agents" type: "grpc" config {{ [weir/weir.sources.Grpc] {{
  listen: "{self.target}" {self.source_settings()} }} }} }}
sink {{ name: "console" type: "stdout" input: "agents" config {{ [weir/weir.sinks.Stdout] {{
  format: JSON }} }} }}
""")
        self.collector = self.test.weir("run", "--config=" + config)

    def received(self, weir):
        if self.records is None:
            self.test.assertEqual(self.collector.stop(), harness.EXIT_CLEAN,
                                  self.collector.stderr())
            self.test.assert_balanced(self.collector)
            self.records = [of_pbflow(record) for record in self.collector.records()]
        return self.records

    def carried(self, record):
        carried = of_pbflow(record, AGENT)
        if "TcpFlags" in carried:
            carried["TcpFlags"] = of_agent_tcp_flags(carried["TcpFlags"])
        # Invalid UTF-8 becomes longer on the wire, and names have room for 27 bytes.
        carried["Interface"] = carried["Interface"].encode()[:27].decode(errors="ignore")
        return carried


class AwayGrpc(Grpc):
    starts_at_once = False

    def restore(self, weir):
        weir.wait_for_log(self.target)
        self.start_collector()


class OtherServer(Grpc):
    """A gRPC server that is not a collector."""

    def start_collector(self):
        if grpc is None:
            self.test.skipTest("SKIPPED: this Python has no grpc (Debian: python3-grpcio)")
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=1))
        self.test.assertGreater(server.add_insecure_port(self.target), 0)
        server.start()
        self.test.addCleanup(lambda: server.stop(grace=None).wait())


class OtherCollector(Grpc):
    """A collector in another language, without code of weir."""

    def start_collector(self):
        if grpc is None:
            self.test.skipTest("SKIPPED: this Python has no grpc (Debian: python3-grpcio)")
        self.records = []

        def send(message, _):
            self.records += [pbflow.record(entry) for entry in pbflow.fields(message).get(1, [])]
            return b""
        handler = grpc.method_handlers_generic_handler(
            "pbflow.Collector", {"Send": grpc.unary_unary_rpc_method_handler(send)})
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=1))
        server.add_generic_rpc_handlers((handler,))
        self.test.assertGreater(server.add_insecure_port(self.target), 0)
        server.start()
        self.test.addCleanup(lambda: server.stop(grace=None).wait())

    def carried(self, record):
        return of_pbflow(record, AGENT)


class MutualTlsGrpc(Grpc):
    """Both sides show a certificate."""

    def __init__(self, test):
        self.folder = test.folder
        self.openssl("req", "-x509", "-nodes", "-subj", "/CN=authority", "-keyout", "ca.key",
                     "-out", "ca.pem")
        test.write("names", "subjectAltName=DNS:collector.example")
        for name in ("collector", "agent"):
            self.openssl("req", "-nodes", "-subj", "/CN=" + name, "-keyout", name + ".key",
                         "-out", name + ".csr")
            self.openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                         "-CAcreateserial", "-extfile", "names", "-out", name + ".pem")
        super().__init__(test)
        self.stage = self.stage.replace("agent_ip", f"""tls {{
            ca_file: "{self.folder}/ca.pem" server_name: "collector.example"
            cert_file: "{self.folder}/agent.pem" key_file: "{self.folder}/agent.key" }} agent_ip""")

    def openssl(self, command, *arguments):
        new_key = ("-newkey", "rsa:2048") if command == "req" else ()
        harness.run("openssl", command, *new_key, *arguments, cwd=self.folder)

    def source_settings(self):
        return (f'tls {{ cert_file: "{self.folder}/collector.pem" '
                f'key_file: "{self.folder}/collector.key" client_ca_file: "{self.folder}/ca.pem" }}')


class ClearGrpc(MutualTlsGrpc):
    """A sink without TLS, with a collector that requires it."""

    def __init__(self, test):
        super().__init__(test)
        self.stage = re.sub(r"tls \{.*?\} ", 'max_wait: "10ms" ', self.stage, flags=re.S)


class GrpcTest(OutageSuite, harness.WeirTest):
    Place, Away, Broken = Grpc, AwayGrpc, OtherServer
    complaint = "does not take records: Method not found!"

    def test_a_collector_that_is_away_holds_up_no_other_sink(self):
        place = AwayGrpc(self)
        place.stage = place.stage.replace("agent_ip", 'max_wait: "1ms" agent_ip')
        place.stage += ' }\nsink { name: "console" input: "records" ' + Stdout.stage
        weir = self.start(place, SOURCE.format(records=MANY, stay="true"),
                          "--drain_timeout=1ms")
        weir.wait_for_log("all records are emitted")
        harness.wait_until(lambda: weir.stdout().count("\n") >= MANY, "all records on stdout")
        weir.stop()
        balance = weir.balance()
        self.assertEqual(balance["console"]["emitted"], MANY)
        self.assertEqual(balance["out"]["dropped"], MANY)
        self.assertIn("dropped: no_room", weir.stderr())

    def test_a_sink_without_tls_delivers_nothing_to_a_collector_with_tls(self):
        place = ClearGrpc(self)
        weir = self.start(place, SOURCE.format(records=SOME, stay="true"), "--drain_timeout=1ms")
        weir.wait_for_log("takes no records; they wait")
        weir.wait_for_log("all records are emitted")
        weir.stop()
        self.assertEqual(weir.balance()["out"]["emitted"], 0)
        self.assertEqual(place.received(weir), [])


class GrpcTlsTest(SinkSuite, harness.WeirTest):
    Place, Broken = MutualTlsGrpc, OtherServer
    complaint = GrpcTest.complaint


class GrpcToOthersTest(SinkSuite, harness.WeirTest):
    Place, Broken = OtherCollector, OtherServer
    complaint = GrpcTest.complaint


if __name__ == "__main__":
    harness.main()
