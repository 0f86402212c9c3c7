#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sink `grpc` passes the suite of all sinks, also with TLS and with collectors that are not
weir."""

import concurrent.futures
import re
import socket

import harness
import pbflow
import sink_suite

try:
    import grpc
except ImportError:  # of another Python than Debian's
    grpc = None


class Grpc(sink_suite.Destination):
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
                      f'agent_ip: "{sink_suite.AGENT}" }} }}')
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
            self.records = [sink_suite.of_pbflow(record) for record in self.collector.records()]
        return self.records

    def carried(self, record):
        carried = sink_suite.of_pbflow(record, sink_suite.AGENT)
        if "TcpFlags" in carried:
            carried["TcpFlags"] = sink_suite.of_agent_tcp_flags(carried["TcpFlags"])
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
        return sink_suite.of_pbflow(record, sink_suite.AGENT)


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
                f'key_file: "{self.folder}/collector.key" '
                f'client_ca_file: "{self.folder}/ca.pem" }}')


class ClearGrpc(MutualTlsGrpc):
    """A sink without TLS, with a collector that requires it."""

    def __init__(self, test):
        super().__init__(test)
        self.stage = re.sub(r"tls \{.*?\} ", 'max_wait: "10ms" ', self.stage, flags=re.S)


class GrpcTest(sink_suite.OutageSuite, harness.WeirTest):
    Destination, Away, Broken = Grpc, AwayGrpc, OtherServer
    complaint = "does not take records: Method not found!"

    def test_a_collector_that_is_away_holds_up_no_other_sink(self):
        destination = AwayGrpc(self)
        destination.stage = destination.stage.replace("agent_ip", 'max_wait: "1ms" agent_ip')
        destination.stage += (' }\nsink { name: "console" input: "records" '
                              + sink_suite.Stdout.stage)
        weir = self.start(destination,
                          sink_suite.SOURCE.format(records=sink_suite.MANY, stay="true"),
                          "--drain_timeout=1ms")
        weir.wait_for_log("all records are emitted")
        harness.wait_until(lambda: weir.stdout().count("\n") >= sink_suite.MANY,
                           "all records on stdout")
        weir.stop()
        balance = weir.balance()
        self.assertEqual(balance["console"]["emitted"], sink_suite.MANY)
        self.assertEqual(balance["out"]["dropped"], sink_suite.MANY)
        self.assertIn("dropped: no_room", weir.stderr())

    def test_a_sink_without_tls_delivers_nothing_to_a_collector_with_tls(self):
        destination = ClearGrpc(self)
        weir = self.start(destination,
                          sink_suite.SOURCE.format(records=sink_suite.SOME, stay="true"),
                          "--drain_timeout=1ms")
        weir.wait_for_log("takes no records; they wait")
        weir.wait_for_log("all records are emitted")
        weir.stop()
        self.assertEqual(weir.balance()["out"]["emitted"], 0)
        self.assertEqual(destination.received(weir), [])


class GrpcTlsTest(sink_suite.SinkSuite, harness.WeirTest):
    Destination, Broken = MutualTlsGrpc, OtherServer
    complaint = GrpcTest.complaint


class GrpcToOthersTest(sink_suite.SinkSuite, harness.WeirTest):
    Destination, Broken = OtherCollector, OtherServer
    complaint = GrpcTest.complaint


if __name__ == "__main__":
    harness.main()
