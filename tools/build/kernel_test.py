#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs tests on another kernel, in QEMU; tools/kernel-test calls it.

kernel_test.py --kernel_root=DIR --bin=DIR --workspace=NAME [--accel=kvm|tcg]
               [--seconds=N] TEST...

DIR of --kernel_root is an unpacked Debian package of a kernel; each TEST is a Bazel
label of a test that has been built into --bin. Each is run as Bazel would run it. Tests
of which there is no result (the kernel panicked, say, or the time was over) count as
failed. The results are printed and counted by count_tests.py.
"""

import argparse
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

import count_tests
import guest_root

HERE = os.path.dirname(os.path.abspath(__file__))

# What tests make interfaces and hooks of. Kernels load them when they are asked for.
MODULES = ("veth", "tun", "sch_ingress", "cls_bpf", "act_bpf", "vxlan", "bridge", "dummy", "ifb",
           "macvlan", "8021q", "ip_gre", "ip6_tunnel", "sit", "ipip", "wireguard", "inet_diag",
           "tcp_diag", "sch_netem", "sch_fq", "sch_fq_codel", "af_packet")
# Beside what every Debian has and the tests' own packages.
PACKAGES = ("bpftool", "kmod", "mount", "python3", "libstdc++6")
# Of tests: where Bazel's files are, and how much of what takes long.
ENVIRONMENT = {"TEST_SRCDIR": "/runfiles", "WEIR_LOAD_DIVISOR": "25"}

# Far beyond what a test takes where a processor is emulated.
SECONDS_OF_A_TEST = 900
# What is shown of the console, of each test that failed and of the machine's end.
LINES_OF_CONSOLE = 100


def packages_of_group(group):
    """Of tools/packages.txt."""
    with open(os.path.join(HERE, "../packages.txt"), encoding="utf-8") as file:
        words = [line.split() for line in file if not line.startswith("#")]
    return [line[1] for line in words if len(line) == 2 and line[0] == group]


def essential_packages():
    """What every Debian has."""
    shown = guest_root.run("dpkg-query", "-W", "-f=${Package} ${Essential} ${db:Status-Status}\n")
    return [line.split()[0] for line in shown.splitlines() if line.endswith(" yes installed")]


def path_of(label):
    """//a/b:c as a/b/c."""
    package, _, name = label.rpartition(":")
    return os.path.join(package.lstrip("/"), name)


def make_root(path, options):
    """Writes the guest's root; returns the release of its kernel and what it does not have."""
    [release] = os.listdir(os.path.join(options.kernel_root, "lib/modules"))
    with open(path, "wb") as file:
        archive = guest_root.Archive(file)
        guest_root.add_packages(
            archive, [*essential_packages(), *packages_of_group("test"), *PACKAGES])
        missing = guest_root.add_modules(archive, options.kernel_root, release, MODULES)
        tests = []
        for label in options.tests:
            program = os.path.join(options.bin, path_of(label))
            guest_root.add_runfiles(archive, program + ".runfiles", "runfiles")
            tests.append({
                "label": label, "seconds": SECONDS_OF_A_TEST, "arguments": [],
                "program": os.path.join("/runfiles", options.workspace, path_of(label)),
                "environment": {**ENVIRONMENT, "TEST_WORKSPACE": options.workspace}})
        archive.write("kernel_test/tests.json", json.dumps(tests).encode())
        archive.copy("init", os.path.join(HERE, "guest_init.py"))
        archive.write("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n"
                      b"nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n")
        archive.write("etc/group", b"root:x:0:\nnogroup:x:65534:\n")
        archive.folder("root")
        archive.close()
    return release, missing


def qemu_command(kernel, root, folder, accel):
    return [
        "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-accel", accel, "-cpu", "max", "-smp", "2", "-m", "2048", "-nic", "none",
        "-kernel", kernel, "-initrd", root,
        "-append", "console=ttyS0 quiet panic=-1 oops=panic random.trust_cpu=on rcupdate.rcu_expedited=1",
        "-serial", "file:" + os.path.join(folder, "console"),
        "-serial", "file:" + os.path.join(folder, "results"),
    ]


def read_results(text):
    """(label -> result, release of the kernel that ran all of them or None) of what came
    over the line of results, which may end anywhere and have garbage in it."""
    results, release = {}, None
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if not isinstance(entry, dict):
            continue
        if "label" in entry and "code" in entry:
            results[entry["label"]] = entry
        elif "release" in entry:
            release = entry["release"]
    return results, release


def cases_of(result):
    """The test cases in a result's test.xml; none if there is none, or not a whole one."""
    try:
        return list(xml.etree.ElementTree.fromstring(result.get("xml", "")).iter("testcase"))
    except xml.etree.ElementTree.ParseError:
        return []


def passed(result):
    """Whether a test has run and ended well; count_tests.py looks at the cases."""
    return result["code"] == 0 and bool(cases_of(result))


def events_of(labels, results, folder):
    """The build events that `bazel test` would have written of these tests, as lines."""
    for number, label in enumerate(labels):
        result = results.get(label, {"code": "lost"})
        outputs = []
        if "xml" in result:
            path = os.path.join(folder, f"{number}.xml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(result["xml"])
            outputs.append({"name": "test.xml", "uri": "file://" + path})
        yield json.dumps({
            "id": {"testResult": {"label": label}},
            "testResult": {"status": "PASSED" if passed(result) else "FAILED",
                           "testActionOutput": outputs}})


def measured(results):
    """A line for each test case that has recorded something."""
    for result in results.values():
        for case in cases_of(result):
            values = [f"{found.get('name')} {found.get('value')}" for found in case.iter("property")]
            if values:
                yield f"{case.get('classname')}.{case.get('name')}: {', '.join(values)}"


def console_of(console, label):
    """What a test wrote, and the kernel meanwhile; to the end if the test has none."""
    lines = console.splitlines()
    start = next((at for at, line in enumerate(lines) if line == f"=== {label}"), None)
    if start is None:
        return []
    end = next((at for at, line in enumerate(lines) if line.startswith(f"=== {label}: ")), len(lines))
    return lines[start:end + 1]


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def boot(command, results_path, seconds):
    """Runs QEMU until it ends, and says meanwhile how tests went. Returns why it did not
    end by itself, or None."""
    said = set()
    start = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as qemu:
        try:
            while True:
                try:
                    code = qemu.wait(timeout=1)
                except subprocess.TimeoutExpired:
                    code = None
                for label, result in read_results(read(results_path))[0].items():
                    if label not in said:
                        said.add(label)
                        how = "ok" if result["code"] == 0 else f"exit code {result['code']}"
                        print(f"{label}: {how} in {result.get('seconds')} s", flush=True)
                if code is not None:
                    return None if code == 0 else f"QEMU ended with exit code {code}"
                if time.monotonic() - start > seconds:
                    return f"the machine was ended after {seconds} s"
        finally:
            qemu.kill()


def show(lines):
    for line in lines[-LINES_OF_CONSOLE:]:
        print("  " + line)


def judge(labels, results_text, console, trouble, folder):
    """Prints what there is to say of a run, and the count as the last line. Returns the
    exit code."""
    results, release = read_results(results_text)
    lost = [label for label in labels if label not in results]
    if not trouble and (lost or release is None):
        trouble = "the machine ended before the tests did"
    for label in labels:
        if label in results and not passed(results[label]):
            print(f"\nthe console during {label}:")
            show(console_of(console, label))
    if trouble:
        print("\nthe end of the console:")
        show(console.splitlines())
        print(f"FAILED: {trouble}; without a result: {' '.join(lost) or 'none'}")
    print(*measured(results), sep="\n")
    events = os.path.join(folder, "events")
    with open(events, "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in events_of(labels, results, folder))
    if release:
        print(f"on Linux {release}:", flush=True)
    code = count_tests.main([events])
    return 1 if trouble else code


def parse(arguments):
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--kernel_root", required=True)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--workspace", required=True)
    parser.add_argument("--accel", choices=("kvm", "tcg"), default="tcg")
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--keep")
    parser.add_argument("tests", nargs="+")
    return parser.parse_args(arguments)


def main(arguments):
    options = parse(arguments)
    [kernel] = glob.glob(os.path.join(options.kernel_root, "boot/vmlinuz-*"))
    folder = options.keep or tempfile.mkdtemp()
    try:
        root = os.path.join(folder, "root.cpio")
        release, missing = make_root(root, options)
        print(f"Linux {release}, {'with' if options.accel == 'kvm' else 'without'} the help of KVM, "
              f"a root of {os.path.getsize(root) >> 20} MiB; "
              f"modules that it does not have: {' '.join(missing) or 'none'}", flush=True)
        for name in ("console", "results"):
            with open(os.path.join(folder, name), "wb"):
                pass
        trouble = boot(qemu_command(kernel, root, folder, options.accel),
                       os.path.join(folder, "results"), options.seconds)
        return judge(options.tests, read(os.path.join(folder, "results")),
                     read(os.path.join(folder, "console")), trouble, folder)
    except guest_root.Error as error:
        print(f"kernel_test.py: {error}", file=sys.stderr)
        return 1
    finally:
        if not options.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
