# SPDX-License-Identifier: Apache-2.0
"""The base of the end-to-end tests: the installed tree, network namespaces, weir as a
process, and test results in Bazel's format.

A test file ends with harness.main(). A test that needs root and eBPF derives from
NamespaceTest, which skips it with a reason if one of them is missing. A test whose subject
looks at all network namespaces, interfaces or processes of the machine ends with
harness.main(alone=True).
"""

import collections
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.sax.saxutils

# Longer than any step takes. A test that passes never waits that long.
DEADLINE_SECONDS = 120

# Bazel's PATH lacks the sbin folders.
os.environ["PATH"] = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

EXIT_CLEAN, EXIT_FAILED, EXIT_BAD_USAGE, EXIT_UNSUPPORTED, EXIT_LOSS = 0, 1, 2, 3, 4


def runfile(path):
    """The absolute path of a file of this repository that the test depends on."""
    return os.path.join(os.environ["TEST_SRCDIR"], os.environ["TEST_WORKSPACE"], path)


TREE = runfile("tools/tree")
WEIR = os.path.join(TREE, "bin/weir")
PLUGINS = os.path.join(TREE, "lib/weir/plugins")
# False if weir was built without the machine's gRPC: its gRPC stages then cannot be made.
GRPC = os.path.exists(os.path.join(PLUGINS, "system/weir_sink_grpc_system.so"))
EXAMPLES = os.path.join(TREE, "share/weir/examples")


def run(*command, **options):
    """Runs a program that must succeed. Returns its standard output."""
    done = subprocess.run(command, text=True, capture_output=True,
                          timeout=DEADLINE_SECONDS, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: exit {done.returncode}: {done.stderr}")
    return done.stdout


def wait_until(condition, what):
    """Waits until `condition` returns a true value, and returns that value."""
    end = time.monotonic() + DEADLINE_SECONDS
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {DEADLINE_SECONDS} s for {what}")
        time.sleep(0.02)  # poll interval


class Weir:
    """`weir ARGUMENTS` as a process, in the network namespace `netns` if given. Its output
    goes to files, so that it never waits for a reader; `stdout` redirects standard output."""

    def __init__(self, folder, *arguments, netns=None, program=WEIR, stdin=None, stdout=None,
                 cwd=None):
        self._folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        self._stdout_path = self._folder / "stdout"
        self._stderr_path = self._folder / "stderr"
        command = [program, *arguments]
        if netns:
            command = ["ip", "netns", "exec", netns] + command
        with open(self._stdout_path, "wb") as out, open(self._stderr_path, "wb") as err:
            self.process = subprocess.Popen(command, stdin=stdin or subprocess.DEVNULL,
                                            stdout=out if stdout is None else stdout,
                                            stderr=err, cwd=cwd)

    def stdout(self):
        return self._stdout_path.read_text()

    def wrote_records(self):
        """True if it has written output."""
        return self._stdout_path.stat().st_size > 0

    def stderr(self):
        return self._stderr_path.read_text()

    def wait_for_log(self, text):
        """Waits until its log contains `text`."""
        def seen():
            if text in self.stderr():
                return True
            if self.process.poll() is not None:
                raise AssertionError(f"weir ended before it wrote '{text}':\n{self.stderr()}")
            return False
        wait_until(seen, f"'{text}' in the log of weir")

    def wait(self):
        """Waits until it ends by itself. Returns the exit code."""
        return self.process.wait(timeout=DEADLINE_SECONDS)

    def stop(self, number=signal.SIGTERM):
        """Sends a signal, waits for the end, and returns the exit code."""
        self.process.send_signal(number)
        return self.wait()

    def records(self):
        """Returns the complete lines of its output, parsed as JSON."""
        # Not splitlines(): it also splits at other characters, which an interface name may have.
        return [json.loads(line) for line in self.stdout().split("\n")[:-1]]

    def balance(self):
        """Parses the table at the end of the log. Returns stage name -> column -> records."""
        return self._table("records")

    def packets(self):
        """The same for the table of packets: source name -> column -> packets."""
        return self._table("packets")

    def _table(self, unit):
        tables = {"records": {}, "packets": {}}
        for line in self.stderr().splitlines():
            if line.startswith(("records ", "packets ")):
                shown, *columns = line.split()
            kind, _, rest = line.partition(" '")
            if kind in ("source", "transform", "sink") and "': " not in rest:
                name, _, numbers = rest.partition("'")
                tables[shown][name] = dict(zip(columns, map(int, numbers.split())))
        return tables[unit]

    def metrics(self):
        """Parses the metrics at the end of the log. Returns (name, reason or '') -> value."""
        values = collections.Counter()
        for line in self.stderr().splitlines():
            if line.startswith("weir_") and "{" in line:
                name, _, rest = line.partition("{")
                labels, _, value = rest.rpartition("} ")
                reason = labels.partition('reason="')[2].rstrip('"')
                values[name, reason] += int(value)
        return values


class WeirTest(unittest.TestCase):
    """A test with its own folder for files."""

    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def full_pipe(self):
        """Returns the write end of a pipe without room; nobody reads it. The caller closes it."""
        read_end, write_end = os.pipe()
        self.addCleanup(os.close, read_end)
        os.set_blocking(write_end, False)
        try:
            while True:
                os.write(write_end, bytes(65536))
        except BlockingIOError:
            pass
        os.set_blocking(write_end, True)
        return write_end

    def weir(self, *arguments, **options):
        weir = Weir(self.folder, *arguments, **options)
        self.addCleanup(self._end, weir.process)
        return weir

    @staticmethod
    def _end(process):
        if process.poll() is None:
            process.kill()
            process.wait()

    def assert_balanced(self, weir):
        """Fails unless every stage has accounted for each of its records and holds none."""
        self.assertNotIn("the balance does not hold", weir.stderr())
        balance = weir.balance()
        self.assertTrue(balance, weir.stderr())
        for name, row in balance.items():
            rest = sum(row[column] for column in ("emitted", "merged", "filtered", "dropped"))
            self.assertEqual(row["received"], rest, f"{name}: {row}")
            self.assertEqual(row["held"], 0, f"{name}: {row}")


def why_no_namespaces():
    """Returns why tests with namespaces and eBPF cannot run here; None if they can."""
    if os.geteuid() != 0:
        return "needs root for network namespaces and eBPF"
    name = f"weir-probe-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode:
        return "this machine does not permit network namespaces"
    subprocess.run(["ip", "netns", "del", name], check=True)
    return None


# argv: interface, count. An Ethernet frame with EtherType 0x88b5 and zeros.
_SEND_FRAMES = """
import socket, sys
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
    sender.bind((sys.argv[1], 0))
    for _ in range(int(sys.argv[2])):
        sender.send(bytes.fromhex('020000000002020000000001' + '88b5') + bytes(46))
"""


class NamespaceTest(WeirTest):
    """Two network namespaces, self.a and self.b, connected by veth-a and veth-b. Only the
    test sends packets on them: IPv6 is off until enable_ip() is called."""

    @classmethod
    def setUpClass(cls):
        reason = why_no_namespaces()
        if reason:
            raise unittest.SkipTest("SKIPPED: " + reason)

    def setUp(self):
        super().setUp()
        self.a = f"weir-a-{os.getpid()}"
        self.b = f"weir-b-{os.getpid()}"
        for name in (self.a, self.b):
            run("ip", "netns", "add", name)
            self.addCleanup(self._remove, name)
            self.inside(name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
                        "net.ipv6.conf.default.disable_ipv6=1")
            self.inside(name, "ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "veth-a", "netns", self.a, "type", "veth",
            "peer", "name", "veth-b", "netns", self.b)
        for name, link in ((self.a, "veth-a"), (self.b, "veth-b")):
            # Without offloads every observer sees the same packets.
            self.inside(name, "ethtool", "-K", link, "gro", "off", "gso", "off", "tso", "off")
            self.inside(name, "ip", "link", "set", link, "up")
        self.wait_for_carrier(self.a, "veth-a")
        self.wait_for_carrier(self.b, "veth-b")

    def _remove(self, name):
        # Its processes have ended: cleanups run last in, first out.
        subprocess.run(["ip", "netns", "del", name], check=False)

    def inside(self, netns, *command, **options):
        return run("ip", "netns", "exec", netns, *command, **options)

    def wait_for_carrier(self, netns, link):
        wait_until(lambda: "LOWER_UP" in self.inside(netns, "ip", "-o", "link", "show", link),
                   f"carrier on {link}")

    def enable_ip(self):
        """Adds addresses to both ends: 10.78.0.1 and .2, fd78::1 and ::2. Also adds the IPv6
        neighbours, so that the kernel sends no ICMPv6 of its own."""
        for name, link, number in ((self.a, "veth-a", 1), (self.b, "veth-b", 2)):
            self.inside(name, "sysctl", "-qw", f"net.ipv6.conf.{link}.disable_ipv6=0",
                        f"net.ipv6.conf.{link}.accept_ra=0",
                        f"net.ipv6.conf.{link}.router_solicitations=0")
            self.inside(name, "ip", "address", "add", f"10.78.0.{number}/24", "dev", link)
            self.inside(name, "ip", "address", "add", f"fd78::{number}/64", "dev", link, "nodad")
        for name, link in ((self.a, "veth-a"), (self.b, "veth-b")):
            wait_until(lambda name=name, link=link: "tentative" not in self.inside(
                name, "ip", "-6", "address", "show", "dev", link), "addresses")
        for name, link, other, far, number in ((self.a, "veth-a", self.b, "veth-b", 2),
                                               (self.b, "veth-b", self.a, "veth-a", 1)):
            self.inside(name, "ip", "neighbour", "add", f"fd78::{number}", "dev", link,
                        "lladdr", self.link(other, far)["address"], "nud", "permanent")

    def send_frames(self, netns, link, count):
        """Sends `count` frames with an experimental EtherType from `link`."""
        self.inside(netns, sys.executable, "-c", _SEND_FRAMES, link, str(count))

    def iperf3(self, server, client, *options):
        """Runs iperf3 in the namespace `client`, with a server in `server`. Returns when both
        have ended."""
        with subprocess.Popen(["ip", "netns", "exec", server, "iperf3", "-s", "-1", "--forceflush"],
                              stdout=subprocess.PIPE, text=True) as process:
            self.addCleanup(self._end, process)
            for line in process.stdout:
                if "Server listening" in line:
                    break
            self.inside(client, "iperf3", *options)
            process.wait(timeout=DEADLINE_SECONDS)

    def counters(self, netns, link):
        """Returns the kernel's counters: a dictionary of rx_packets, rx_bytes and so on."""
        shown = self.link(netns, link)["stats64"]
        return {f"{way}_{what}": shown[way][what]
                for way in ("rx", "tx") for what in ("packets", "bytes", "dropped")}

    def link(self, netns, link):
        """Returns what `ip` shows of an interface."""
        return json.loads(self.inside(netns, "ip", "-j", "-s", "link", "show", link))[0]

    def if_index(self, netns, link):
        return self.link(netns, link)["ifindex"]


def totals(records, **wanted):
    """Returns the (packets, bytes) of the records whose keys have the wanted values."""
    chosen = [r for r in records if all(r[key] == value for key, value in wanted.items())]
    return sum(r["Packets"] for r in chosen), sum(r["Bytes"] for r in chosen)


class _Cases(unittest.TextTestResult):
    """Collects every test case for test.xml."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.cases = []

    def _note(self, test, element="", text=""):
        quoted = xml.sax.saxutils.quoteattr(text)
        body = f"<{element} message={quoted}/>" if element else ""
        self.cases.append(f'<testcase classname={xml.sax.saxutils.quoteattr(test.__class__.__name__)}'
                          f' name={xml.sax.saxutils.quoteattr(test.id().split(".")[-1])}>'
                          f'{body}</testcase>')

    def addSuccess(self, test):
        super().addSuccess(test)
        self._note(test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._note(test, "failure", str(err[1]))

    def addError(self, test, err):
        super().addError(test, err)
        self._note(test, "error", str(err[1]))

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._note(test, "failure", f"{subtest}: {err[1]}")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._note(test, "skipped", reason)
        print(reason, file=sys.stderr)


# Set inside the namespaces that _enter_own_namespaces makes.
_ALONE = "WEIR_TEST_IS_ALONE"


def _enter_own_namespaces():
    """Runs this test again in new mount, PID and network namespaces, which hide all
    processes, interfaces and named network namespaces of the machine. Returns if the test
    already runs there, or if this user may not make them."""
    if os.environ.get(_ALONE) or os.geteuid() != 0:
        return
    command = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
               "--", "sh", "-c",
               # `ip netns` and Docker name namespaces below /run.
               'mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up && exec "$@"',
               "sh"]
    if subprocess.run(command + ["true"], capture_output=True, check=False).returncode != 0:
        return  # why_no_namespaces() reports it
    sys.stdout.flush()
    sys.stderr.flush()
    os.environ[_ALONE] = "1"
    os.execvp(command[0], command + [sys.executable, *sys.argv])


def is_alone():
    """True in the namespaces that main(alone=True) makes."""
    return _ALONE in os.environ


def end_session(session):
    """Ends all processes of a session that a test began."""
    try:
        os.killpg(session, signal.SIGKILL)
    except ProcessLookupError:
        pass


def main(alone=False):
    """Runs the tests of the calling file, and writes test.xml if Bazel wants one. With
    `alone` they run in new namespaces, so that nothing else on the machine affects them."""
    if alone:
        _enter_own_namespaces()
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(verbosity=2, resultclass=_Cases).run(suite)
    path = os.environ.get("XML_OUTPUT_FILE")
    if path:
        with open(path, "w", encoding="utf-8") as file:
            file.write('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites><testsuite name="e2e">'
                       + "".join(result.cases) + "</testsuite></testsuites>\n")
    if not result.testsRun and not result.skipped:
        print("no test ran", file=sys.stderr)
        sys.exit(1)
    sys.exit(0 if result.wasSuccessful() else 1)
