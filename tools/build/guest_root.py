# SPDX-License-Identifier: Apache-2.0
"""The root file system that tools/kernel-test boots a kernel with: files of Debian
packages that are installed on this machine, modules of that kernel, and what is to be
run. An archive for the kernel to unpack into memory ("newc", the kernel's
Documentation/driver-api/early-userspace/buffer-format.rst); nothing is mounted or copied
on the way, so that no privilege is needed to make it."""

import os
import re
import stat
import subprocess


class Error(Exception):
    """A sentence for the user."""


def run(*command):
    """What a program prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Error(f"{' '.join(command[:4])}: exit code {done.returncode}: {done.stderr.strip()}")
    return done.stdout


class Archive:
    """Writes a newc archive. Everything in it is root's."""

    def __init__(self, file):
        self._file = file
        self._made = {""}

    def _entry(self, path, mode, size):
        name = path.encode() + b"\0"
        self._made.add(path)
        # Inode numbers are all different, so that nothing is taken for a hard link.
        fields = (len(self._made), mode, 0, 0, 1, 0, size, 0, 0, 0, 0, len(name), 0)
        self._file.write(b"070701" + b"".join(b"%08x" % field for field in fields) + name)
        self._pad()

    def _pad(self):
        self._file.write(b"\0" * (-self._file.tell() % 4))

    def folder(self, path):
        """Makes a folder and those above it, if they are not there yet."""
        path = path.strip("/")
        if path not in self._made:
            self.folder(os.path.dirname(path))
            self._entry(path, stat.S_IFDIR | 0o755, 0)

    def _new(self, path):
        """The path as it is written; None if there is something of that name."""
        path = path.strip("/")
        if path in self._made:
            return None
        self.folder(os.path.dirname(path))
        return path

    def link(self, path, target):
        """Makes a symbolic link, if nothing of that name is there yet."""
        path = self._new(path)
        if path is not None:
            self._data(path, stat.S_IFLNK | 0o777, os.fsencode(target))

    def write(self, path, data, mode=0o644):
        """Makes a file, if nothing of that name is there yet."""
        path = self._new(path)
        if path is not None:
            self._data(path, stat.S_IFREG | mode, data)

    def _data(self, path, mode, data):
        self._entry(path, mode, len(data))
        self._file.write(data)
        self._pad()

    def copy(self, path, source):
        """As write(), with what another file holds."""
        with open(source, "rb") as file:
            self.write(path, file.read(), stat.S_IMODE(os.stat(source).st_mode))

    def close(self):
        """Ends the archive; the file stays open."""
        self._entry("TRAILER!!!", 0, 0)


def with_dependencies(names, database):
    """Those packages and what they depend on, as far as it is installed. `database` is
    what dpkg-query prints: package, status, provided names, dependencies."""
    depends, provided = {}, {}
    for line in database.splitlines():
        package, status, provides, needs = line.split("\t")
        if status == "installed":
            depends[package] = needs
            for word in provides.split(","):
                provided.setdefault(word.split("(")[0].strip(), package)
    missing = sorted(set(names) - set(depends))
    if missing:
        raise Error(f"packages that are not installed: {' '.join(missing)}")
    found, left = set(), list(names)
    while left:
        package = left.pop()
        if package in found:
            continue
        found.add(package)
        for alternative in re.split(r"[,|]", depends[package]):
            name = re.sub(r"[(:].*", "", alternative).strip()
            name = name if name in depends else provided.get(name)
            if name:
                left.append(name)
    return sorted(found)


# For people, and in many languages.
_NOT_NEEDED = re.compile(r"/usr/share/(doc|doc-base|info|lintian|locale|man|zoneinfo)/")


def add_packages(archive, names):
    """Adds the files of installed packages and of all that they depend on."""
    packages = with_dependencies(names, run(
        "dpkg-query", "-W",
        "-f=${Package}\t${db:Status-Status}\t${Provides}\t${Pre-Depends}, ${Depends}\n"))
    # Where these are links, packages have files in them all the same.
    for top in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        if os.path.islink("/" + top):
            archive.link(top, os.readlink("/" + top))
    for path in run("dpkg-query", "-L", *packages).splitlines():
        if not path.startswith("/") or _NOT_NEEDED.match(path):
            continue
        there = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        if os.path.islink(there):
            archive.link(there, os.readlink(there))
        elif os.path.isfile(there) and os.access(there, os.R_OK):
            archive.copy(there, there)
    return packages


def add_runfiles(archive, runfiles, target):
    """Adds a tree of links as the files that they lead to."""
    for folder, _, names in os.walk(runfiles, followlinks=True):
        below = os.path.relpath(folder, runfiles)
        for name in names:
            archive.copy(os.path.normpath(os.path.join(target, below, name)),
                         os.path.join(folder, name))


def add_modules(archive, kernel_root, release, names):
    """Adds modules of an unpacked kernel, with what they need. Returns those of the names
    that this kernel has neither as a module nor built in."""
    run("depmod", "-b", kernel_root, release)
    folder = os.path.join(kernel_root, "lib/modules", release)
    missing = []
    for name in names:
        try:
            # Without the settings that this machine has for its own kernel.
            shown = run("modprobe", "-C", "/dev/null", "-d", kernel_root, "-S", release,
                        "--show-depends", name)
        except Error:
            missing.append(name)
            continue
        for line in shown.splitlines():
            kind, _, path = line.strip().partition(" ")
            if kind == "insmod":
                path = os.path.relpath(path.strip(), os.path.join(kernel_root, "lib"))
                archive.copy("usr/lib/" + path, os.path.join(kernel_root, "lib", path))
    for name in sorted(os.listdir(folder)):
        if name.startswith("modules."):
            archive.copy(f"usr/lib/modules/{release}/{name}", os.path.join(folder, name))
    return missing
