// SPDX-License-Identifier: Apache-2.0
// Typical mistakes in pipeline files. The message of each leads straight to the cure.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/config/loader.h"
#include "core/config/test_schemas.h"
#include "gtest/gtest.h"

namespace weir::config {
namespace {

std::string ErrorOf(const std::string& text) {
  const auto environment = [](std::string_view name) {
    return name == "NAME" ? std::optional<std::string>("eth0") : std::nullopt;
  };
  return std::string(LoadText(text, "f", TestSchemas(), environment).status().message());
}

#define WEIR_SOURCE "source { name: \"in\" type: \"generator\" }\n"

// `config` is the configuration of a sink. It begins in line 3, column 1.
std::string InSink(const char* config) {
  return absl::StrCat(WEIR_SOURCE "sink { name: \"out\" type: \"writer\" input: \"in\" config {\n",
                      config, "\n} }\n");
}

struct Mistake {
  std::string text;
  const char* message;
};

const std::vector<Mistake>& Mistakes() {
  static const auto* const mistakes = new std::vector<Mistake>{
      // In a configuration.
      {InSink("path: \"a\" lines: 100k"),
       "f:3:18: sink 'out': 'lines' must be a whole number from 1 to 1000; found '100k'; a number "
       "has no unit: 100k is 100000"},
      {InSink("path: \"a\" offset: 10MB"),
       "f:3:19: sink 'out': 'offset' must be a whole number from -9223372036854775808 to "
       "9223372036854775807; found '10MB'; a number has no unit: write 10000000"},
      {InSink("path: \"a\" lines: \"1kB\""),
       "f:3:18: sink 'out': 'lines' must be a whole number from 1 to 1000; found the text '1kB'; a "
       "number has no quotes and no unit: write 1000"},
      {InSink("path: \"a\" lines: 1e2"),
       "f:3:18: sink 'out': 'lines' must be a whole number from 1 to 1000; found '1e2'; write 100"},
      {InSink("path: \"a\" lines: 1,000"),
       "f:3:19: sink 'out': a number has no commas; write 1000"},
      {InSink("path: \"a\" rotate: 0,000,000 ratio: 2,000"),
       "f:3:20: sink 'out': a number has no commas; write 0000000\n"
       "f:3:37: sink 'out': a number has no commas; write 2000"},
      {InSink("path: \"a\" rotate: 1MB"),
       "f:3:19: sink 'out': 'rotate' must be a whole number from 1 to 4294967295; found '1MB'; a "
       "number has no unit: write 1000000"},
      {InSink("path: \"a\" append-mode: true"),
       "f:3:11: sink 'out': weir.test.Writer has no field 'append-mode'"},
      {InSink("pa-th: \"a\""),
       "f:3:1: sink 'out': weir.test.Writer has no field 'pa-th'; did you mean 'path'?"},
      {InSink("\"path\": \"a\", \"lines\": 5"),
       "f:3:1: sink 'out': the name of a field has no quotes; write path\n"
       "f:3:14: sink 'out': the name of a field has no quotes; write lines"},
      {InSink("path: \"a\" interfaces: [\"a\", ]"),
       "f:3:27: sink 'out': the list of 'interfaces' ends with a ','; remove it"},
      {InSink("path: ${NAME}"),
       "f:3:7: sink 'out': 'path' must be a text in quotes; found 'eth0'; write \"${NAME}\""},
      {InSink("path: \"a\" lines: \"100\""),
       "f:3:18: sink 'out': 'lines' must be a whole number from 1 to 1000; found the text '100'; "
       "write 100 without quotes"},
      {InSink("path: \"a\" lines: 5000"),
       "f:3:11: sink 'out': lines 5000 is not allowed; it must be from 1 to 1000"},
      {InSink("path: \"$HOME/flows\""),
       "f:3:8: sink 'out': the value of a variable is written ${HOME}, not $HOME; a literal '$' "
       "before a letter is written '\\x24'"},
      {InSink("path: \"${FLOWS}/a\""),
       "f:3:8: sink 'out': the environment variable FLOWS is not set; set it, or give a default: "
       "${FLOWS:-default}"},
      {InSink("path: “a”"),
       "f:3:7: sink 'out': a text needs plain quotes, as in \"text\"; found the typographic quote "
       "“"},
      {InSink("path: `a`"),
       "f:3:7: sink 'out': a text needs plain quotes, as in \"text\"; found the backquote `"},
      {InSink("path: \"a\" // a comment"),
       "f:3:11: sink 'out': a comment begins with '#', not with '//'"},
      {InSink("path: \"a\" -- a comment"),
       "f:3:11: sink 'out': a comment begins with '#', not with '--'"},
      {"-- flows\n" WEIR_SOURCE "sink { name: \"out\" type: \"null\" input: \"in\" }",
       "f:1:1: a comment begins with '#', not with '--'"},
      {InSink("path: \"a\" /* a\ncomment */"),
       "f:3:11: sink 'out': a comment begins with '#', not with '/*'"},
      {InSink("path: \"a\" server: \"collector\""),
       "f:3:11: sink 'out': server 'collector' is not HOST:PORT, as in \"collector.example:9999\""},
      {InSink("path: \"a\" interfaces: \"eth*\""),
       "f:3:11: sink 'out': interfaces[0] 'eth*' is a plain name with '*'; a pattern is a regular "
       "expression between two slashes, as in \"/^eth.*$/\"; for exactly this name write "
       "\"/^eth\\\\*$/\""},
      {InSink("path: \"a\" interfaces: \"^eth\""),
       "f:3:11: sink 'out': interfaces[0] '^eth' is a plain name with '^'; a pattern is a regular "
       "expression between two slashes, as in \"/^eth/\"; for exactly this name write "
       "\"/^\\\\^eth$/\""},
      {InSink("path: \"a\" interfaces: \"/eth\""),
       "f:3:11: sink 'out': interfaces[0] '/eth' is a plain name with '/'; a pattern is a regular "
       "expression between two slashes, as in \"/eth/\""},
      {InSink("path: \"a\n lines: 5"),
       "f:3:7: sink 'out': the text that begins with this \" has no closing \" in its line"},
      {InSink("path: \"a lines: 5 keep: \"1s\""),
       "f:3:7: sink 'out': the text that begins with this \" has no closing \" before the next "
       "text begins"},
      {InSink("path: \"\\d+\""),
       "f:3:8: sink 'out': '\\d' is not an escape sequence; a backslash is written '\\\\'"},
      {InSink("pth: \"a\""),
       "f:3:1: sink 'out': weir.test.Writer has no field 'pth'; did you mean 'path'?"},
      {InSink("path = \"a\""), "f:3:6: sink 'out': expected ':' after 'path', found '='"},
      {InSink("path, \"a\""), "f:3:5: sink 'out': expected ':' after 'path', found ','"},
      {InSink("path: a"),
       "f:3:7: sink 'out': 'path' must be a text in quotes; found 'a'; write \"a\""},
      {InSink("path: \"a\" interval: 5s"),
       "f:3:21: sink 'out': 'interval' must be a text in quotes; found '5s'; write \"5s\""},
      {InSink("path: \"a\" interval: 5"),
       "f:3:21: sink 'out': 'interval' must be a text in quotes; found '5'; write \"5s\" for "
       "seconds"},
      {InSink("path: \"a\" interval: \"5\""),
       "f:3:11: sink 'out': interval '5' has no unit; write \"5s\" for seconds, or ms, m or h"},
      {InSink("path: \"a\" interval: \"2 days\""),
       "f:3:11: sink 'out': interval '2 days' is not a duration; it is written as in \"1h30m\", "
       "\"5s\" or \"100ms\""},
      {InSink("path: \"a\" append: yes"),
       "f:3:19: sink 'out': 'append' must be true or false; found 'yes'; write true"},
      {InSink("path: \"a\" append: FALSE"),
       "f:3:19: sink 'out': 'append' must be true or false; found 'FALSE'; write false"},
      {InSink("path: \"a\" format: \"CSV\""),
       "f:3:19: sink 'out': 'format' must be JSON, TABLE or CSV; found the text 'CSV'; write CSV "
       "without quotes"},
      {InSink("path: \"a\" format: json"),
       "f:3:19: sink 'out': 'format' must be JSON, TABLE or CSV; found 'json'; did you mean "
       "'JSON'?"},
      {InSink("path: \"a\" networks: 10.0.0.0/8"),
       "f:3:21: sink 'out': 'networks' must be a text in quotes; found '10.0.0.0/8'; write "
       "\"10.0.0.0/8\""},
      {InSink("path: \"a\" path: \"b\""),
       "f:3:11: sink 'out': 'path' is given a second time; it takes one value"},
      {InSink("path: [\"a\", \"b\"]"), "f:3:7: sink 'out': 'path' takes one value, not a list"},
      {InSink("path: \"a\" ports: [1, 2"),
       "f:4:1: sink 'out': expected ',' or ']' in the list of 'ports', found '}'"},
      {InSink("path: \"a\" lines:\xC2\xA0"
              "5"),
       "f:3:17: sink 'out': this is a no-break space (U+00A0), which only looks like a space; "
       "write a space"},
      {InSink("path: \"a\"\xE2\x80\x8B lines: 5"),
       "f:3:10: sink 'out': '\xE2\x80\x8B' (U+200B) is allowed only in a text in quotes and in "
       "comments"},
      {InSink("p\xD0\xB0th: \"a\""),
       "f:3:2: sink 'out': '\xD0\xB0' (U+0430) is allowed only in a text in quotes and in "
       "comments"},
      {InSink("path: \"a\" key_file: /tmp/a"),
       "f:3:21: sink 'out': 'key_file' must be a text in quotes; found '/tmp/a'; write \"/tmp/a\""},
      {InSink("path: \"a\" host: collector.example:9999"),
       "f:3:17: sink 'out': 'host' must be a text in quotes; found 'collector.example:9999'; write "
       "\"collector.example:9999\""},
      {InSink("path: \"a\" lines: $MAX"),
       "f:3:18: sink 'out': 'lines' must be a whole number from 1 to 1000; found '$MAX'; the value "
       "of a variable is written ${MAX}"},
      {InSink("path: $HOME/a"),
       "f:3:7: sink 'out': 'path' must be a text in quotes; found '$HOME/a'; the value of a "
       "variable is written \"${HOME}/a\""},
      {InSink("path: \"a\"\n; a comment: old\nlines: 5000"),
       "f:4:1: sink 'out': a comment begins with '#', not with ';'\nf:5:1: sink 'out': lines 5000 "
       "is not allowed; it must be from 1 to 1000"},
      {InSink("; a comment\npath: \"a\""),
       "f:3:1: sink 'out': a comment begins with '#', not with ';'"},
      {InSink("path: \"C:\\\\tmp\\\\new\" key_file: \"C:\\tmp\\new\""),
       "f:3:22: sink 'out': key_file 'C:\\tmp\\new' has a control character; a backslash is "
       "written '\\\\'"},
      {InSink("path: \"a\" key_file: \"~/key\""),
       "f:3:11: sink 'out': key_file '~/key' begins with '~', which only a shell replaces; write "
       "\"${HOME}/key\""},
      {InSink("path: \"a\" interfaces: \"eth.*\""),
       "f:3:11: sink 'out': interfaces[0] 'eth.*' is a plain name with '*'; a pattern is a regular "
       "expression between two slashes, as in \"/^eth.*$/\"; for exactly this name write "
       "\"/^eth\\\\.\\\\*$/\""},
      {InSink("path: \"a\" interfaces: \"^eth.*$\""),
       "f:3:11: sink 'out': interfaces[0] '^eth.*$' is a plain name with '^'; a pattern is a "
       "regular expression between two slashes, as in \"/^eth.*$/\"; for exactly this name write "
       "\"/^\\\\^eth\\\\.\\\\*\\\\$$/\""},
      {InSink("path: \"a\" interfaces: \"eth0|eth1\""),
       "f:3:11: sink 'out': interfaces[0] 'eth0|eth1' is a plain name with '|'; a pattern is a "
       "regular expression between two slashes, as in \"/^(eth0|eth1)$/\"; for exactly this name "
       "write \"/^eth0\\\\|eth1$/\""},
      {InSink("path: \"a\" interfaces: \"eth*.100\""),
       "f:3:11: sink 'out': interfaces[0] 'eth*.100' is a plain name with '*'; a pattern is a "
       "regular expression between two slashes, as in \"/^eth.*\\\\.100$/\"; for exactly this name "
       "write \"/^eth\\\\*\\\\.100$/\""},
      {InSink("path: \"a\" interfaces: [\"a\" \"b\", \"c\"]"),
       "f:3:28: sink 'out': 'interfaces' has texts without a ',' between them; write \"a\", \"b\", "
       "\"c\""},
      {InSink("path: \"a\" interfaces: \"a\" \"${NAME}\""),
       "f:3:27: sink 'out': 'interfaces' has texts without a ',' between them; write interfaces: "
       "[\"a\", \"${NAME}\"]"},
      {InSink("path: \"a\" interfaces: [\n\"a\"\n\"b\"\n]"),
       "f:5:1: sink 'out': 'interfaces' has texts without a ',' between them; write \"a\", \"b\""},
      {InSink("path: \"a\" \"b\""),
       "f:3:11: sink 'out': 'path' has several texts on one line; write one text, or each text on "
       "a line of its own"},
      {InSink("path: \"a\" interfaces: \"a\", \"b\""),
       "f:3:28: sink 'out': 'interfaces' takes several values as a list; write interfaces: [\"a\", "
       "\"b\"]"},
      {InSink("path: \"a\" ports: 1, 2"),
       "f:3:21: sink 'out': 'ports' takes several values as a list; write ports: [1, 2]"},
      {InSink("path: \"a\" lines: 1 000"),
       "f:3:18: sink 'out': a number has no spaces; write 1000"},
      {InSink("path: \"a\" lines: 1_000"),
       "f:3:18: sink 'out': 'lines' must be a whole number from 1 to 1000; found '1_000'; write "
       "1000"},
      {InSink("path: \"a\" rotate: 100.000"),
       "f:3:19: sink 'out': 'rotate' must be a whole number from 1 to 4294967295; found '100.000'; "
       "write 100 or 100000"},
      {InSink("path: \"a\" rotate: 1.000.000"),
       "f:3:19: sink 'out': 'rotate' must be a whole number from 1 to 4294967295; found "
       "'1.000.000'; write 1000000"},
      {InSink("path: \"a\" interval: \"0\""),
       "f:3:11: sink 'out': interval '0' has no unit; it must be from 10ms to 1h"},
      {InSink("path: \"a\" keep: \"7d\""),
       "f:3:11: sink 'out': keep '7d' is not a duration; its units are h, m, s, ms, us and ns: "
       "write \"168h\""},
      {InSink("path: \"a\" keep: \"1 week, 2d\""),
       "f:3:11: sink 'out': keep '1 week, 2d' is not a duration; it is written as in \"1h30m\", "
       "\"5s\" or \"100ms\""},
      {InSink("path: \"a\" keep: 1w"),
       "f:3:17: sink 'out': 'keep' must be a text in quotes; found '1w'; write \"168h\""},
      {InSink("path: \"a\" interval: \"5 sec\" keep: \"5S\""),
       "f:3:11: sink 'out': interval '5 sec' is not a duration; its units are h, m, s, ms, us and "
       "ns: write \"5s\"\nf:3:29: sink 'out': keep '5S' is not a duration; its units are h, m, s, "
       "ms, us and ns: write \"5s\""},
      {InSink("path: \"a\" flags: \"SYN,ACK\""),
       "f:3:11: sink 'out': flags 'SYN,ACK' is not flags with hyphens between them; write "
       "\"SYN-ACK\""},
      {InSink("path: \"a\" flags: syn"),
       "f:3:18: sink 'out': 'flags' must be a text in quotes; found 'syn'; write \"SYN\""},
      {InSink("path: \"a\" flags: \"URG\""),
       "f:3:11: sink 'out': flags 'URG' is not flags with hyphens between them, as in \"SYN-ACK\""},
      {InSink("path: \"a\" listen: \"fd00::1:9999\""),
       "f:3:11: sink 'out': listen 'fd00::1:9999' is not ADDRESS:PORT; write \"[fd00::1]:9999\""},
      {InSink("path: \"a\" listen: fd00::1:9999"),
       "f:3:19: sink 'out': 'listen' must be a text in quotes; found 'fd00::1:9999'; write "
       "\"[fd00::1]:9999\""},
      {InSink("path: a b c lines: 5000"),
       "f:3:7: sink 'out': 'path' must be a text in quotes; found 'a'; write \"a\"\n"
       "f:3:13: sink 'out': lines 5000 is not allowed; it must be from 1 to 1000"},
      {InSink("path: \"a\" host: !lo"),
       "f:3:17: sink 'out': 'host' must be a text in quotes; found '!lo'; write \"!lo\""},
      {InSink("path: \"a\" listen: \"a\\nb:1\""),
       "f:3:11: sink 'out': listen 'a\\nb:1' is not ADDRESS:PORT, as in \"127.0.0.1:9999\""},
      {InSink("path: \"a\" \"@type\": \"x\""),
       "f:3:11: sink 'out': weir.test.Writer has no field '@type'"},
      {InSink("lines: 5"), "f:2:47: sink 'out': path is required"},
      // In the file around it.
      {WEIR_SOURCE "sink { name: \"out\" type: \"writre\" input: \"in\" }",
       "f:2:20: sink 'out': there is no sink type 'writre' (there are null, writer); did you mean "
       "'writer'?"},
      {WEIR_SOURCE "sink { name: \"out\" type: \"generator\" input: \"in\" }",
       "f:2:20: sink 'out': there is no sink type 'generator' (there are null, writer); it is the "
       "type of a source"},
      {WEIR_SOURCE "source { name: \"b\" type: \"generator\" }\n"
                   "sink { name: \"out\" type: \"null\" input: \"in\" }",
       "f:2:1: source 'b': no stage takes its records; write input: \"b\" in a transform or a "
       "sink"},
      {WEIR_SOURCE "sink { name: \"out\" type: \"null\" }",
       "f:2:1: sink 'out': it has no input; name the stage that it takes records from, as in "
       "input: \"in\""},
      {WEIR_SOURCE "sink { name: \"out\" type: \"null\" input: \"inn\" }",
       "f:2:33: sink 'out': there is no source or transform 'inn'; did you mean 'in'?"},
      {WEIR_SOURCE "sink { name: \"out\" type: \"null\" input: \"flows\" }",
       "f:2:33: sink 'out': there is no source or transform 'flows' (there are in)"},
      {WEIR_SOURCE "sink { name: \"a\" type: \"null\" input: \"in\" }\n"
                   "sink { name: \"b\" type: \"null\" input: \"a\" }",
       "f:3:31: sink 'b': the input 'a' is a sink; only sources and transforms emit records"},
      {WEIR_SOURCE "sink { name: \"in\" type: \"null\" input: \"in\" }",
       "f:2:8: the name 'in' is already used by the source in line 1"},
      {WEIR_SOURCE WEIR_SOURCE "sink { name: \"out\" type: \"null\" input: \"in\" }",
       "f:2:10: the name 'in' is already used by the source in line 1"},
      {WEIR_SOURCE "source { name: \"b\" type: \"generator\" }\n"
                   "sink { name: \"out\" type: \"null\" input: \"in, b\" }",
       "f:3:33: sink 'out': the input 'in, b' is one text; write input: [\"in\", \"b\"]"},
      {WEIR_SOURCE "transform { name: \"a\" type: \"pass\" input: [\"in\", \"b\"] }\n"
                   "transform { name: \"b\" type: \"pass\" input: \"a\" }\n"
                   "sink { name: \"out\" type: \"null\" input: \"b\" }",
       "f:2:50: the inputs form a cycle: a -> b -> a"},
      {"source { name: \"in\" type: \"generator\"\nsink { name: \"out\" type: \"null\" input: "
       "\"in\" }",
       "f:1:8: source 'in': this '{' is never closed; a '}' is missing before the next 'sink'"},
      {WEIR_SOURCE "sink { name: \"out\" type: \"null\" input: \"in\" } }",
       "f:2:47: this '}' closes nothing"},
      {"source\n  name: \"in\"\n  type: \"generator\"\n}\n"
       "sink { name: \"out\" type: \"null\" input: \"in\" }",
       "f:1:1: expected '{' after 'source', found 'name'"},
      {WEIR_SOURCE "sink { name: \"out\" type: \"writer\" input: \"in\"\n config path: \"a\" }\n}",
       "f:3:2: sink 'out': expected '{' after 'config', found 'path'"},
      {WEIR_SOURCE "sink { name: \"out\" type: \"writer\" input: \"in\"\n config: path: \"a\" }\n}",
       "f:3:2: sink 'out': expected '{' after 'config', found ':'"},
      {InSink("path: \"a\" tls ca_file: \"b\" }"),
       "f:3:11: sink 'out': expected '{' after 'tls', found 'ca_file'"},
      {WEIR_SOURCE "sink { name: \"out\" type: \"writer\" input: \"in\" config (path: \"a\") }",
       "f:2:54: sink 'out': expected '{' after 'config', found '('\n"
       "f:2:55: sink 'out': weir.Sink has no field 'path'; it belongs in the configuration: "
       "config { path: ... }"},
      {WEIR_SOURCE "sink { name: \"out\" type: \"writer\" input: \"in\" confg { path: \"a\" } }",
       "f:2:47: sink 'out': weir.Sink has no field 'confg'; did you mean 'config'?"},
      {WEIR_SOURCE "sink { name: \"out\" type: \"writer\" input: \"in\" path: \"a\" }",
       "f:2:47: sink 'out': weir.Sink has no field 'path'; it belongs in the configuration: "
       "config { path: ... }"},
      {WEIR_SOURCE "sinks { name: \"out\" type: \"null\" input: \"in\" }",
       "f:2:1: weir.Pipeline has no field 'sinks'; did you mean 'sink'?"},
      {"{ \"source\": { \"name\": \"in\" } }",
       "f:1:1: the file looks like JSON; a pipeline file is text protobuf, as in source { name: "
       "\"flows\" type: \"ebpf_map\" }; `weir describe TYPE --example` prints a stage"},
      {"# flows\nsource:\n  - name: in\n    type: generator\n",
       "f:1:1: the file looks like YAML; a pipeline file is text protobuf, as in source { name: "
       "\"flows\" type: \"ebpf_map\" }; `weir describe TYPE --example` prints a stage"},
      {"<pipeline name=\"in\">\n",
       "f:1:1: the file looks like XML; a pipeline file is text protobuf, as in source { name: "
       "\"flows\" type: \"ebpf_map\" }; `weir describe TYPE --example` prints a stage"},
      {"source f { name: \"f\" type: \"generator\" }\nsink { name: \"out\" type: \"null\" input: "
       "\"f\" }",
       "f:1:8: expected '{' after 'source', found 'f'; write source { name: \"f\" ... }"},
      {"source f: { type: \"generator\" }\nsink { name: \"out\" type: \"null\" input: \"f\" }",
       "f:1:8: expected '{' after 'source', found 'f'; write source { name: \"f\" ... }"},
      {"source \"f\" { type: \"generator\" }\nsink { name: \"out\" type: \"null\" input: \"f\" }",
       "f:1:8: expected '{' after 'source', found the text 'f'; write source { name: \"f\" ... }"},
      {WEIR_SOURCE "sink { name: \"my flows\" type: \"null\" input: \"in\" }",
       "f:2:8: sink 'my flows': name 'my flows' is not a name of letters, digits and _ . -; write "
       "\"my_flows\""},
      {WEIR_SOURCE "sink { name: \"out\" type: \"weir.test.Writer\" input: \"in\" }",
       "f:2:20: sink 'out': there is no sink type 'weir.test.Writer' (there are null, writer); did "
       "you mean 'writer'?"},
      {WEIR_SOURCE "sink { name: \"out\" type: \"null\" input: \"in\" \"b\" }",
       "f:2:45: sink 'out': 'input' has texts without a ',' between them; write input: [\"in\", "
       "\"b\"]"},
      {"[[source]]\nname = \"in\"\n",
       "f:1:1: the file looks like TOML; a pipeline file is text protobuf, as in source { name: "
       "\"flows\" type: \"ebpf_map\" }; `weir describe TYPE --example` prints a stage"},
      {"# \xE9t\xE9\n", "f:1:3: the byte 0xE9 is not UTF-8; save the file as UTF-8"},
      {"\xFF\xFEs", "f:1:1: the file is UTF-16; save it as UTF-8"},
      {std::string("# a\0", 4), "f:1:4: this is a NUL byte; a pipeline file is text in UTF-8"},
      {"", "f:1:1: the file has no stages; a pipeline needs at least a source and a sink"},
  };
  return *mistakes;
}

class TypicalMistake : public testing::TestWithParam<Mistake> {};

TEST_P(TypicalMistake, LeadsToItsCure) {
  EXPECT_EQ(ErrorOf(GetParam().text), GetParam().message) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(All, TypicalMistake, testing::ValuesIn(Mistakes()));

// What other editors and systems leave in a file is no mistake.
TEST(NoMistake, ByteOrderMarkCarriageReturnsAndTabs) {
  EXPECT_EQ(ErrorOf("\xEF\xBB\xBF" WEIR_SOURCE
                    "sink {\r\n\tname:\t\"out\"\r\n\ttype: \"null\"\r\n\tinput: \"in\"\r\n}\r\n"),
            "");
  EXPECT_EQ(ErrorOf("\xEF\xBB\xBFsource { nam: 1 }"),
            "f:1:10: source: weir.Source has no field 'nam'; did you mean 'name'?");
}

}  // namespace
}  // namespace weir::config
