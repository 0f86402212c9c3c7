# SPDX-License-Identifier: Apache-2.0
"""One suite for every sink. It delivers all fields of every record, in order. It delivers all
records that it accepted before weir stops. A destination that is away for a while costs no
record. A destination that never works ends weir with an error, and every record is counted.
The same pipeline with another sink gives the same records."""

import datetime
import os

import capture
import harness

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


class Destination:
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
        """The part of a record, an object of `stdout`, that this destination preserves."""
        return record

    def restore(self, weir):
        """Ends the outage after weir has noticed it."""


class SinkSuite:
    """The tests for one kind of destination."""

    # A Destination, and Broken, to which nothing can be delivered.
    Destination = Broken = None
    # The log line about Broken.
    complaint = None

    def start(self, destination, source, *options):
        config = self.write("pipeline.textproto",
                            f'{source}\nsink {{ name: "out" input: "records" '
                            f'{destination.stage} }}\n')
        plugins = os.path.dirname(harness.runfile("tests/plugins/random_source.so"))
        plugins = f"{harness.PLUGINS}:{plugins}"
        return self.weir("run", "--config=" + config, "--plugin_path=" + plugins,
                         *(options or (f"--drain_timeout={harness.DEADLINE_SECONDS}s",)),
                         **destination.options())

    def expected(self, destination, source):
        """The expected objects, from the sink `stdout`."""
        weir = self.start(Stdout(self), source)
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        return [destination.carried(record) for record in weir.records()]

    def test_every_field_of_every_record_in_order(self):
        source = SOURCE.format(records=SOME, stay="false")
        destination = self.Destination(self)
        weir = self.start(destination, source)
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        expected = self.expected(destination, source)
        self.assertEqual(len(expected), SOME)
        for number, (got, wanted) in enumerate(zip(destination.received(weir), expected)):
            self.assertEqual(got, wanted, f"record {number}")
        self.assertEqual(len(destination.received(weir)), SOME)

    def test_delivers_what_it_has_taken_when_weir_is_stopped(self):
        destination = self.Destination(self)
        weir = self.start(destination, SOURCE.format(records=MANY, stay="true"))
        weir.wait_for_log("all records are emitted")
        self.assertEqual(weir.stop(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        self.assertEqual(len(destination.received(weir)), weir.balance()["out"]["received"])
        self.assertEqual(weir.balance()["out"]["dropped"], 0)

    def test_a_destination_that_never_works_is_an_error(self):
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
        destination = self.Destination(self)
        weir = self.start(destination, source)
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        received = destination.received(weir)
        self.assertEqual(len(received), len(truth))
        self.assertEqual(tuple(sum(int(record[key]) for record in received)
                               for key in ("Packets", "Bytes")),
                         tuple(map(sum, zip(*truth.values()))))
        self.assertEqual(as_set(received), as_set(self.expected(destination, source)))


class OutageSuite(SinkSuite):
    """Further tests for a destination that can be away for a while."""

    # A destination that does not exist at first.
    Away = None

    def test_an_outage_costs_nothing(self):
        destination = self.Away(self)
        weir = self.start(destination, SOURCE.format(records=MANY, stay="false"))
        destination.restore(weir)
        self.assertEqual(weir.wait(), harness.EXIT_CLEAN, weir.stderr())
        self.assert_balanced(weir)
        self.assertEqual(len(destination.received(weir)), MANY)


class Stdout(Destination):
    stage = 'type: "stdout" config { [weir/weir.sinks.Stdout] { format: JSON } }'

    def received(self, weir):
        return weir.records()
