#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The first process of the machine that tools/kernel-test boots: makes it one that
programs find their way in, runs the tests one after the other, and ends it.

What tests print goes to the console, which is the first serial line. On the second one
stands a line of JSON for each test that has ended, with its exit code and its test.xml,
and one without a test as the last.
"""

import json
import os
import resource
import subprocess
import termios
import time
import tty

TESTS = "/kernel_test/tests.json"
RESULTS = "/dev/ttyS1"
FOLDERS = "/tmp"

MOUNTS = (("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev"), ("tmpfs", "/run"),
          ("tmpfs", "/tmp"), ("bpf", "/sys/fs/bpf"), ("tracefs", "/sys/kernel/tracing"))


def mount_all():
    for kind, where in MOUNTS:
        os.makedirs(where, exist_ok=True)
        subprocess.run(["mount", "-t", kind, kind, where], check=True)


def run(test, number):
    """Runs one test; returns what is reported of it."""
    folder = os.path.join(FOLDERS, f"test{number}")
    os.mkdir(folder)
    report = os.path.join(folder, "test.xml")
    print(f"\n=== {test['label']}", flush=True)
    environment = {**os.environ, **test["environment"], "XML_OUTPUT_FILE": report,
                   "TEST_TMPDIR": folder}
    start = time.monotonic()
    process = subprocess.Popen([test["program"], *test["arguments"]], cwd=folder,
                               env=environment, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        code = process.wait(timeout=test["seconds"])
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait()
        code = "timeout"
    result = {"label": test["label"], "code": code, "seconds": round(time.monotonic() - start, 1)}
    try:
        with open(report, encoding="utf-8") as file:
            result["xml"] = file.read()
    except FileNotFoundError:
        pass
    print(f"=== {test['label']}: {code}", flush=True)
    return result


def main():
    os.environ.update(PATH="/usr/sbin:/usr/bin:/sbin:/bin", HOME="/root", LC_ALL="C.UTF-8")
    mount_all()
    # As weir's service has it: kernels before 5.11 count maps as locked memory.
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    # Of the device nodes that udev would have made before anybody asks for them.
    subprocess.run(["modprobe", "tun"], check=True)
    with open(TESTS, encoding="utf-8") as file:
        tests = json.load(file)
    with open(RESULTS, "w", encoding="ascii") as results:
        tty.setraw(results.fileno())
        for number, test in enumerate(tests):
            print(json.dumps(run(test, number)), file=results, flush=True)
        print(json.dumps({"release": os.uname().release}), file=results, flush=True)
        termios.tcdrain(results.fileno())
    with open("/proc/sysrq-trigger", "w", encoding="ascii") as trigger:
        trigger.write("b")


if __name__ == "__main__":
    main()
