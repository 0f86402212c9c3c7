#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the #include lines of weir's C++ files (tools/lint).

    bazel query --output=xml //... >RULES
    include_check.py --rules=RULES FILE...       from the top of the checkout

- No file includes a header twice. It uses at least one name of each header of weir, and of
  each standard header whose names are all known. It includes the header of each standard
  name that it uses. A .cc inherits the includes of its own header (same name, included
  first). A line that ends in "// keep: REASON" is exempt.
- No file includes a header of FORBIDDEN.
- A folder includes only the folders that the table of docs/explanation/architecture.md allows;
  the table has no cycle. Tests may also include tests/ and test helpers.
- A header comes from the target itself or from a target in its deps, and each of the deps
  provides a header. Bazel alone would accept a header of an indirect dependency.

The check reads text only, so it takes a second; the compiler finds the rest.
"""

import argparse
import functools
import os
import posixpath
import re
import sys
import xml.etree.ElementTree

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?P<open>["<])(?P<path>[^">]+)[">](?P<rest>.*)$', re.M)
KEEP = re.compile(r"//\s*keep:\s*\S")

# The first part of an include path -> the repository that it is from. Of abseil the
# package counts too: it is the folder.
EXTERNAL = {
    "absl": "@com_google_absl", "benchmark": "@com_github_google_benchmark",
    "gflags": "@com_github_gflags_gflags", "glog": "@com_github_google_glog",
    "gmock": "@com_google_googletest", "google": "@com_google_protobuf",
    "grpc": "@weir_system_grpc", "grpcpp": "@weir_system_grpc", "gtest": "@com_google_googletest", "libelf.h": "@elfutils", "gelf.h": "@elfutils",
    "zlib.h": "@zlib", "pcap": "@libpcap", "re2": "@com_googlesource_code_re2", "zstd.h": "@zstd",
}
# libbpf's folder has the name of one of weir's: only these are its own.
LIBBPF = re.compile(r"bpf/(bpf|libbpf|btf|bpf_helpers|bpf_endian|bpf_core_read|bpf_tracing|libbpf_version)\.h$")
# Their headers are seen through these, which have none of their own.
GIVES_NO_HEADER = {"@com_google_googletest//:gtest_main"}

# Headers of the standard library whose names are few and their own: a file that names one
# of them includes the header, and a file that includes the header names one of them.
STANDARD = {
    "algorithm": "all_of any_of binary_search clamp copy copy_if copy_n count count_if equal_range fill_n find_if "
                 "find_if_not for_each is_sorted lower_bound max max_element min min_element mismatch none_of "
                 "partition remove remove_if replace replace_copy reverse rotate sort stable_sort transform unique "
                 "upper_bound adjacent_find equal fill find search shuffle generate nth_element partial_sort "
                 "lexicographical_compare merge includes set_difference set_intersection set_union",
    "array": "array",
    "atomic": "atomic atomic_thread_fence memory_order_relaxed memory_order_acquire memory_order_release "
              "memory_order_acq_rel memory_order_seq_cst atomic_flag",
    "charconv": "from_chars to_chars chars_format",
    "chrono": "chrono",
    "condition_variable": "condition_variable",
    "deque": "deque",
    "exception": "exception current_exception rethrow_exception exception_ptr terminate uncaught_exceptions",
    "filesystem": "filesystem",
    "fstream": "ifstream ofstream fstream",
    "functional": "function bind ref cref less greater hash invoke plus",
    "future": "future promise async",
    "initializer_list": "initializer_list",
    "iostream": "cout cerr cin",
    "limits": "numeric_limits",
    "map": "map multimap",
    "memory": "unique_ptr shared_ptr weak_ptr make_unique make_shared enable_shared_from_this addressof",
    "mutex": "mutex lock_guard unique_lock scoped_lock once_flag call_once",
    "new": "nothrow bad_alloc align_val_t hardware_destructive_interference_size launder",
    "optional": "optional nullopt make_optional",
    "queue": "queue priority_queue",
    "random": "mt19937 mt19937_64 random_device uniform_int_distribution minstd_rand",
    "regex": "regex smatch regex_match regex_search regex_replace cmatch",
    "set": "set multiset",
    "sstream": "stringstream istringstream ostringstream",
    "stdexcept": "runtime_error logic_error invalid_argument out_of_range",
    "string": "string to_string stoi stol stoul stoull getline u16string basic_string",
    "string_view": "string_view",
    "thread": "thread this_thread",
    "tuple": "tuple tie make_tuple forward_as_tuple",
    "unordered_map": "unordered_map unordered_multimap",
    "unordered_set": "unordered_set unordered_multiset",
    "utility": "move forward pair make_pair exchange swap declval integer_sequence index_sequence in_place",
    "variant": "variant visit monostate get_if holds_alternative",
    "vector": "vector",
}
# Headers that no file may include, and the reason.
FORBIDDEN = {
    "regex": "its matcher takes exponential time and stack by length: use core/regex/regex.h",
}
# A use of <new> that has no name.
PLACEMENT_NEW = "placement new"
# Headers that bring further ones by the language's own definition, or share a name.
ALSO = {"move": {"algorithm"}, "swap": {"algorithm", "string", "vector"}, "getline": {"istream"},
        "hash": {"string", "string_view", "memory", "optional"}, "exception": {"stdexcept", "new"},
        "get_if": {"variant"}, "remove": {"cstdio"}, "begin": {"iterator"}, "find": {"string"}}

# Headers whose names have no "std::" in front, or need none: only that one is used is
# looked for, because other headers may rightly bring them.
PLAIN = {header: re.compile(r"\b(?:%s)\b" % names) for header, names in {
    "cerrno": r"errno|E[A-Z0-9]{3,}",
    "cstddef": r"size_t|ptrdiff_t|max_align_t|nullptr_t|byte|offsetof|NULL",
    "cstdint": r"u?int(?:_fast|_least)?\d+_t|u?intptr_t|u?intmax_t|U?INT\d+_(?:MAX|MIN|C)|SIZE_MAX",
    "cstdio": r"\w*printf|f?put[cs]|fopen|fclose|fread|fwrite|fgets|fflush|fileno|FILE|stdin|stdout|stderr|"
              r"perror|rename|remove|EOF",
    "cstdlib": r"get_?env|(?:un)?setenv|secure_getenv|abort|exit|_Exit|atexit|malloc|calloc|free|realloc|strto\w+|ato\w+|"
               r"mkd?s?temp|abs|system|EXIT_\w+|rand",
    "cstring": r"mem\w+|str\w+",
    "fcntl.h": r"open(?:at)?|creat|fcntl|O_\w+|F_\w+|FD_\w+|posix_f\w+",
    "iterator": r"back_inserter|inserter|front_inserter|make_move_iterator|istreambuf_iterator|ostream_iterator|"
                r"next|prev|distance|advance|\w+_iterator(?:_tag)?|size|begin|end|rbegin|rend|data|empty",
    "poll.h": r"p?poll|pollfd|POLL\w+|nfds_t",
    "sys/eventfd.h": r"eventfd\w*|EFD_\w+",
    "sys/stat.h": r"f?l?stat|fstatat|mkdir|chmod|S_\w+|mkfifo|umask",
    "sys/types.h": r"pid_t|ssize_t|off_t|uid_t|gid_t|mode_t",
    "type_traits": r"\w+_v|is_\w+|enable_if\w*|remove_\w+|decay\w*|conditional\w*|underlying_type\w*|invoke_result\w*|"
                   r"true_type|false_type|common_type\w*|add_\w+|void_t|make_\w+signed\w*",
    "unistd.h": r"p?read|p?write|close|dup[23]?|pipe2?|isatty|unlink\w*|get\w+id|fork|exec\w+|_exit|sleep|usleep|access|"
                r"STD\w+_FILENO|sysconf|_SC_\w+|lseek|f?truncate|syscall|readlink|rmdir|chdir|ftruncate|ssize_t|alarm|"
                r"close_range|link|symlink|environ|f?sync|setns|[RWXF]_OK|SEEK_\w+",
}.items()}

# Words that stand before a parenthesis or a brace and declare nothing.
NOT_NAMES = frozenset("""alignas alignof and bool case catch char class const constexpr decltype default delete do
    double else enum explicit extern false final float for friend if inline int long namespace new noexcept not
    nullptr operator or override private protected public return short signed sizeof static static_assert
    static_cast struct switch template this throw true try typedef typename union unsigned using virtual void
    volatile while defined weir absl std size data begin end empty what get value ok""".split())


class Source:
    """One C++ file: its includes, and its text without comments, strings and includes."""

    def __init__(self, path, text):
        self.path = path
        self.includes = []  # (line number, path, quoted, whether it is to be judged)
        for match in INCLUDE.finditer(text):
            self.includes.append((text.count("\n", 0, match.start()) + 1, match["path"],
                                  match["open"] == '"', not KEEP.search(match["rest"])))
        self.code = strip(INCLUDE.sub("", text))
        self.words = frozenset(re.findall(r"\w+", self.code))
        self.standard = frozenset(re.findall(r"\bstd::(\w+)", self.code))
        if re.search(r"\bnew\s*\(", self.code):
            self.standard |= {PLACEMENT_NEW}

    def own_header(self):
        """The header of the same name, if this is a source file and has it first."""
        stem = re.sub(r"(_test|_fuzz|_benchmark)?\.(cc|c)$", "", self.path)
        if stem != self.path and self.includes and self.includes[0][1] == stem + ".h":
            return self.includes[0][1]
        return None


def strip(text):
    """Code without comments and the insides of literals, with all its lines."""
    def blank(match):
        found = match[0]
        return ('""' if found[0] == '"' else " ") + "\n" * found.count("\n")
    return re.sub(r'R"(\w*)\((?:.|\n)*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|//[^\n]*|/\*(?:.|\n)*?\*/',
                  blank, text)


def at_namespace_level(code):
    """Code without what stands in braces, but for those of namespaces and plain enums."""
    kept, opened = [], []
    for piece in re.split(r"([{}])", code):
        if piece == "{":
            before = re.split(r"[;}]", "".join(kept[-3:]))[-1]
            opened.append(bool(re.search(r'\bnamespace\b[\w\s:]*$|\bextern\s*""\s*$|\benum\s+(?!class|struct)[\w\s:]*$', before)))
        elif piece == "}":
            if opened:
                opened.pop()
        if all(opened) or (piece == "{" and all(opened[:-1])):
            kept.append(piece)
    return "".join(kept)


def declared(code):
    """Names that a header may be included for: rather too many than too few."""
    names = set(re.findall(r"#\s*define\s+(\w+)", code))
    code = at_namespace_level(re.sub(r"(?m)^\s*#(?:.*\\\n)*.*$", "", code))
    code = re.sub(r"\bnamespace\s+[\w:]*", "", code)
    names |= set(re.findall(r"\b(?:enum\s+class|enum\s+struct|enum|class|struct|union)\s+(?:\w+\([^)]*\)\s*)?(\w+)", code))
    names |= set(re.findall(r"\busing\s+(\w+)\s*=", code))
    # Functions, variables, enumerators, typedefs.
    names |= set(re.findall(r"\b(\w+)\s*(?:\[[^]]*\]\s*)*[({=;,}]", code))
    names |= set(re.findall(r"\b(operator)\b", code))
    return {name for name in names if not name.isdigit()} - NOT_NAMES


def guard(path):
    return "WEIR_" + re.sub(r"\W", "_", path).upper() + "_"


def check_text(sources):
    """Yields (path, line, sentence) of what a file says about itself."""
    @functools.lru_cache(maxsize=None)
    def names_of(path):
        return declared(sources[path].code) - {guard(path)}

    for source in sources.values():
        seen = set()
        own = source.own_header()
        reached = {path for _, path, _, _ in source.includes}
        if own in sources:
            reached |= {path for _, path, _, _ in sources[own].includes}
        for line, path, quoted, judged in source.includes:
            if path in seen:
                yield source.path, line, f"includes {path} twice"
            seen.add(path)
            if not quoted and path in FORBIDDEN:
                yield source.path, line, f"includes <{path}>: {FORBIDDEN[path]}"
            if not judged or path == own:
                continue
            if quoted and path in sources and not names_of(path) & source.words:
                yield source.path, line, f"nothing of {path} is used"
            if not quoted and path in STANDARD and not users(path) & source.standard:
                yield source.path, line, f"nothing of <{path}> is used"
            if not quoted and path in PLAIN and not PLAIN[path].search(source.code):
                yield source.path, line, f"nothing of <{path}> is used"
        for header, names in STANDARD.items():
            used = sorted(set(names.split()) & source.standard)
            missing = [name for name in used if not ({header} | ALSO.get(name, set())) & reached]
            if missing:
                yield source.path, 1, f"uses std::{missing[0]} and does not include <{header}>"


def users(header):
    """Names of std:: that are a reason to include a header."""
    names = set(STANDARD[header].split())
    if header == "new":
        names.add(PLACEMENT_NEW)
    return names | {name for name, others in ALSO.items() if header in others}


COMPONENTS = ("sources", "transforms", "sinks")


class Layers:
    """The table of docs/explanation/architecture.md: which folder may include what.

    A folder inside a component may include of that component only what its row names. The
    component's files outside of such folders may include all of these."""

    def __init__(self, text):
        self.allowed = {}
        for line in text.splitlines():
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            folders = re.findall(r"`([\w/]+)/`", cells[0])
            if not line.startswith("|") or len(cells) != 3 or not folders:
                continue
            anything = "anything" in cells[2]
            for folder in folders:
                self.allowed[folder] = None if anything else re.findall(r"`([^`]+)`", cells[2])
        if len(self.allowed) < 5:
            raise ValueError("docs/explanation/architecture.md has no table of folders and what they may include")
        for folder in self.allowed:
            self.check_direction(folder, ())

    def check_direction(self, folder, above):
        """Raises ValueError if folders may include each other in a circle."""
        if folder in above:
            raise ValueError("docs/explanation/architecture.md lets folders include each other in a circle: "
                             + " -> ".join(above[above.index(folder):] + (folder,)))
        for other in self.allowed.get(folder) or ():
            self.check_direction(other, above + (folder,))

    def folder_of(self, path):
        """The row of the table that a file is under: the longest; None if there is none."""
        fitting = [folder for folder in self.allowed if path.startswith(folder + "/")]
        return max(fitting, key=len, default=None)

    def permits(self, path, included, of_test):
        folder = self.folder_of(path)
        if folder is None:
            return False
        if self.allowed[folder] is None:
            return True
        # A component is a folder of its own under sources/ and so on, and includes itself. If one
        # of its folders has a row, each needs one.
        kind = path.split("/")[0]
        has_folders = folder.startswith(COMPONENTS) and any(one.startswith(folder + "/") for one in self.allowed)
        itself = posixpath.dirname(path) if folder in COMPONENTS or has_folders else folder
        permitted = [itself] + self.allowed[folder]
        if of_test:
            permitted += ["tests", "plugins/sdk", "bpf/testing"]
            if kind in COMPONENTS:
                permitted.append("/".join(path.split("/")[:2]) + "/testing")
            permitted += [other for other in self.allowed if other.startswith("core/") and folder.startswith("core/")]
        # A .proto may be included as what is generated from it.
        included = re.sub(r"\.(pb|descriptors)\.h$", ".proto", included)
        return any(included == other or included.startswith(other + "/") for other in permitted)


class Rules:
    """The targets, out of what `bazel query --output=xml` wrote."""

    def __init__(self, root):
        self.rules = {rule.get("name"): rule for rule in root.iter("rule")}

    def labels(self, rule, attribute):
        found = [item.get("value") for one in rule.findall("list") if one.get("name") == attribute
                 for item in one.iter("label")]
        return found + [one.get("value") for one in rule.findall("label") if one.get("name") == attribute]

    def paths(self, labels):
        """The files behind labels: sources, and what rules of weir's generate."""
        found = set()
        for label in labels:
            rule = self.rules.get(label)
            if rule is None:
                if label.startswith("//"):
                    found.add(label[2:].replace(":", "/").lstrip("/"))
            elif rule.get("class") == "_weir_proto":
                for path in self.paths(self.labels(rule, "srcs")):
                    stem = path[:-len(".proto")]
                    found |= {stem + ".pb.h", stem + ".descriptors.h"}
            else:
                found |= self.paths(self.labels(rule, "srcs"))
        return found

    def gives(self, label):
        """The headers that a target gives to those who depend on it; None: of another repository."""
        rule = self.rules.get(label)
        if rule is None:
            return None
        if rule.get("class") == "bpf_object":
            return {label[2:].replace(":", "/") + ".skel.h"}
        if rule.get("class") == "_weir_cc_proto":
            return self.gives(self.labels(rule, "cc")[0])
        return self.paths(self.labels(rule, "hdrs"))

    def compiled(self):
        """The rules that compile C++ of the repository."""
        return [rule for rule in self.rules.values()
                if rule.get("class") in ("cc_library", "cc_binary", "cc_test")
                # Those that a macro made of generated files.
                and not rule.get("name").endswith(("_proto_cc", "_proto_descriptors"))]

    def test_files(self):
        """Files that only tests are made of."""
        tests, others = set(), set()
        for rule in self.compiled():
            testonly = any(one.get("name") == "testonly" and one.get("value") == "true"
                           for one in rule.findall("boolean"))
            of_test = rule.get("class") == "cc_test" or testonly
            (tests if of_test else others).update(self.own_files(rule))
        return tests - others

    def own_files(self, rule):
        return self.paths(self.labels(rule, "srcs") + self.labels(rule, "hdrs"))


def external_of(path):
    """(repository, package or None) that an include is from; None: of weir or the system."""
    if LIBBPF.match(path):
        return "@libbpf", None
    first = path.split("/")[0]
    if first not in EXTERNAL:
        return None
    return EXTERNAL[first], posixpath.dirname(path) if first == "absl" else None


# Not of the table: of others, and a workspace of its own, to which visibility is all.
OUTSIDE = ("third_party/", "examples/external_module/", "examples/external_workspace/", "examples/third_party/")


def check_layers(sources, layers, test_files, is_ours):
    for source in sources.values():
        if source.path.startswith(OUTSIDE):
            continue
        for line, path, quoted, _ in source.includes:
            # Who may have a skeleton, which is made of a BPF object, its visibility says.
            if path.endswith(".skel.h"):
                continue
            if quoted and is_ours(path) and not layers.permits(source.path, path, source.path in test_files):
                yield (source.path, line,
                       f"includes {path}, which docs/explanation/architecture.md does not let {source.path.rpartition('/')[0]} include")


def check_rule(rules, rule, sources, is_ours):
    """Yields (path, line, sentence) on one target."""
    name = rule.get("name")
    own = rules.own_files(rule)
    deps = rules.labels(rule, "deps")
    given = {label: rules.gives(label) for label in deps}
    used = set()
    for file in sorted(own):
        if file not in sources:
            continue
        for line, path, _, _ in sources[file].includes:
            if path in own:
                continue
            external = external_of(path)
            if external:
                giving = {label for label, headers in given.items()
                          if headers is None and comes_from(label, *external)}
            elif is_ours(path):
                giving = {label for label, headers in given.items() if headers and path in headers}
            else:
                continue
            used |= giving
            if not giving:
                yield file, line, f"{name} includes {path} and has no dependency of its own that gives it"
    # What gives no header is there to be linked.
    for label in sorted(set(deps) - used - GIVES_NO_HEADER):
        if given[label] is None or given[label]:
            yield location(rule), 1, f"{name} includes nothing of its dependency {label}"


def comes_from(label, repository, package):
    return label == repository or (label.startswith(repository + "//") and
                                   (package is None or label.startswith(f"{repository}//{package}:")))


def location(rule):
    return rule.get("name")[2:].partition(":")[0] + "/BUILD.bazel"


def check(paths, rules_xml, architecture, read):
    """All findings as sorted lines of text."""
    sources = {path: Source(path, read(path)) for path in paths}
    rules = Rules(rules_xml)
    top = {path.split("/")[0] for path in paths}

    def is_ours(path):
        return "/" in path and path.split("/")[0] in top and not external_of(path)

    found = list(check_text(sources))
    found += check_layers(sources, Layers(architecture), rules.test_files(), is_ours)
    for rule in rules.compiled():
        found += check_rule(rules, rule, sources, is_ours)
    return [f"{path}:{line}: {sentence}" for path, line, sentence in sorted(set(found))]


def read_file(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", required=True)
    parser.add_argument("files", nargs="+")
    options = parser.parse_args(arguments)
    found = check(options.files, xml.etree.ElementTree.parse(options.rules).getroot(),
                  read_file(os.path.join("docs", "explanation", "architecture.md")), read_file)
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
