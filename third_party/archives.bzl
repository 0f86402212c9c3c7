# SPDX-License-Identifier: Apache-2.0
"""The pinned source archives of every C++ dependency: the one list.

deps.bzl (Bazel), tools/distdir and tools/outdated (Python's ast.literal_eval) read it. So
ARCHIVES must stay a plain literal: no function calls, no concatenation. The table in
docs/explanation/building.md says why each library has its version.

Fields of an entry:
  sha256   the accepted hashes, the hash of upstream's archive first. A second hash is
           that of Debian's repacked archive of the same version, without files whose
           licence Debian does not ship. weir builds none of those files.
  urls     upstream's addresses of the archive. The last component of the first path is
           the name of the archive in the distdir.
  strip    the top folders, one per hash, in the same order.
  type     the kinds of archive, one per hash, in the same order. By default the ending of
           upstream's name.
  version  the version. By default the part of `strip` after its last "-".
  debian   the source package of Debian that contains the archive.
  suite    the Debian release whose package has this version.
"""

ARCHIVES = {
    "com_google_absl": {
        "sha256": [
            "91ac87d30cc6d79f9ab974c51874a704de9c2647c40f6932597329a282217ba8",
            "abfe2897f3a30edaa74bc34365afe3c2a3cd012091a97dc7e008f7016adcd5fe",
        ],
        "urls": ["https://github.com/abseil/abseil-cpp/archive/refs/tags/20220623.1.tar.gz"],
        "strip": ["abseil-cpp-20220623.1", "abseil-20220623.1"],
        "debian": "abseil",
        "suite": "bookworm",
    },
    "com_google_protobuf": {
        "sha256": ["930c2c3b5ecc6c9c12615cf5ad93f1cd6e12d0aba862b572e076259970ac3a53"],
        "urls": ["https://github.com/protocolbuffers/protobuf/archive/refs/tags/v3.21.12.tar.gz"],
        "strip": ["protobuf-3.21.12"],
        "debian": "protobuf",
        "suite": "bookworm",
    },
    "com_github_gflags_gflags": {
        "sha256": ["34af2f15cf7367513b352bdcd2493ab14ce43692d2dcd9dfc499492966c64dcf"],
        "urls": ["https://github.com/gflags/gflags/archive/refs/tags/v2.2.2.tar.gz"],
        "strip": ["gflags-2.2.2"],
        "debian": "gflags",
        "suite": "bookworm",
    },
    "com_github_google_glog": {
        "sha256": ["8a83bf982f37bb70825df71a9709fa90ea9f4447fb3c099e1d720a439d88bad6"],
        "urls": ["https://github.com/google/glog/archive/refs/tags/v0.6.0.tar.gz"],
        "strip": ["glog-0.6.0"],
        "debian": "google-glog",
        "suite": "bookworm",
    },
    "com_google_googletest": {
        "sha256": ["81964fe578e9bd7c94dfdb09c8e4d6e6759e19967e397dbea48d1c10e45d0df2"],
        "urls": ["https://github.com/google/googletest/archive/refs/tags/release-1.12.1.tar.gz"],
        "strip": ["googletest-release-1.12.1"],
        "debian": "googletest",
        "suite": "bookworm",
    },
    "com_github_google_benchmark": {
        "sha256": ["6430e4092653380d9dc4ccb45a1e2dc9259d581f4866dc0759713126056bc1d7"],
        "urls": ["https://github.com/google/benchmark/archive/refs/tags/v1.7.1.tar.gz"],
        "strip": ["benchmark-1.7.1"],
        "debian": "benchmark",
        "suite": "bookworm",
    },
    "libbpf": {
        "sha256": ["53492aff6dd47e4da04ef5e672d753b9743848bdb38e9d90eafbe190b7983c44"],
        "urls": ["https://github.com/libbpf/libbpf/archive/refs/tags/v1.5.0.tar.gz"],
        "strip": ["libbpf-1.5.0"],
        "debian": "libbpf",
        "suite": "trixie",
    },
    "elfutils": {
        "sha256": ["616099beae24aba11f9b63d86ca6cc8d566d968b802391334c91df54eab416b4"],
        "urls": ["https://sourceware.org/elfutils/ftp/0.192/elfutils-0.192.tar.bz2"],
        "strip": ["elfutils-0.192"],
        "debian": "elfutils",
        "suite": "trixie",
    },
    "zlib": {
        "sha256": [
            "9a93b2b7dfdac77ceba5a558a580e74667dd6fede4585b91eefb60f03b72df23",
            "60dd315c07f616887caa029408308a018ace66e3d142726a97db164b3b8f69fb",
        ],
        "urls": ["https://github.com/madler/zlib/releases/download/v1.3.1/zlib-1.3.1.tar.gz"],
        "strip": ["zlib-1.3.1", "zlib-1.3.1"],
        "debian": "zlib",
        "suite": "trixie",
    },
    "libpcap": {
        "sha256": ["84fa89ac6d303028c1c5b754abff77224f45eca0a94eb1a34ff0aa9ceece3925"],
        "urls": ["https://www.tcpdump.org/release/libpcap-1.10.5.tar.xz"],
        "strip": ["libpcap-1.10.5"],
        "type": ["tar.xz"],
        "debian": "libpcap",
        "suite": "trixie",
    },
    "zstd": {
        "sha256": [
            "eb33e51f49a15e023950cd7825ca74a4a2b43db8354825ac24fc1b7ee09e6fa3",
            "0c092ef267edce57ba7f3f2645c861f72eaf5e76273c6c3632869423464b90a5",
        ],
        "urls": ["https://github.com/facebook/zstd/releases/download/v1.5.7/zstd-1.5.7.tar.gz"],
        "strip": ["zstd-1.5.7", "zstd-1.5.7"],
        "type": ["tar.gz", "tar.xz"],
        "debian": "libzstd",
        "suite": "trixie",
    },
    "com_googlesource_code_re2": {
        "sha256": [
            "f89c61410a072e5cbcf8c27e3a778da7d6fd2f2b5b1445cd4f4508bee946ab0f",
            "3bc61251da3b0b97be40a8a127818c517c62516e4eda11fc901d29496663df54",
        ],
        "urls": ["https://github.com/google/re2/archive/refs/tags/2022-06-01.tar.gz"],
        "strip": ["re2-2022-06-01", "re2-2022-06-01"],
        "type": ["tar.gz", "tar.xz"],
        "version": "2022-06-01",
        "debian": "re2",
        "suite": "bookworm",
    },
}

def archive_version(name):
    """Returns the version of an archive of ARCHIVES."""
    entry = ARCHIVES[name]
    version = entry.get("version") or entry["strip"][0].split("-")[-1]
    if not version or not version[0].isdigit():
        fail("%s: no version in the name '%s'" % (name, entry["strip"][0]))
    return version
