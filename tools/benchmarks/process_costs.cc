// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/unique_fd.h"
#include "tools/benchmarks/child_process.h"
#include "tools/benchmarks/scoped_folder.h"
#include "tools/benchmarks/synthetic_capture.h"
#include "tools/benchmarks/userspace_costs.h"

namespace weir::benchmarks {

namespace {

constexpr char kWeir[] = "weir run";
constexpr char kSoftflowd[] = "softflowd -r";
constexpr char kNfpcapd[] = "nfpcapd -r";

// Where softflowd sends what it exports: to a socket of this process, that nobody reads.
class Collector {
 public:
  static sdk::Result<std::unique_ptr<Collector>> Open() {
    std::unique_ptr<Collector> collector(new Collector);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    const int fd = collector->socket_.get();
    if (fd < 0 || bind(fd, generic, size) != 0 || getsockname(fd, generic, &size) != 0) {
      return sdk::ErrnoStatus("a UDP socket on the loopback interface", errno);
    }
    collector->target_ = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
    return collector;
  }

  const std::string& target() const { return target_; }

 private:
  Collector() = default;

  const sdk::UniqueFd socket_{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  std::string target_;
};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The number that stands behind the first `key`; 0 if there is none.
uint64_t NumberAfter(std::string_view text, std::string_view key) {
  const size_t at = text.find(key);
  if (at == std::string_view::npos) return 0;
  text.remove_prefix(at + key.size());
  uint64_t number = 0;
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  return absl::SimpleAtoi(text.substr(0, digits), &number) ? number : 0;
}

// What a program says that it counted; `bytes` is 0 if it does not say it.
using Reader = std::function<CaptureContents(const std::string& output)>;

CaptureContents ReadJsonLines(const std::string& output) {
  CaptureContents contents;
  for (const std::string_view line : absl::StrSplit(output, '\n')) {
    if (line.empty() || line[0] != '{') continue;
    ++contents.flows;
    contents.packets += NumberAfter(line, "\"Packets\":");
    contents.bytes += NumberAfter(line, "\"Bytes\":");
  }
  return contents;
}

struct Program {
  std::string name;
  // Its command line for a capture.
  std::function<std::vector<std::string>(const std::string& capture)> command;
  Reader reader;
  bool counts_frames = false;  // bytes with Ethernet headers
};

bool IsInstalled(const std::string& program) {
  const char* const path = std::getenv("PATH");
  for (const std::string_view folder : absl::StrSplit(path == nullptr ? "" : path, ':')) {
    if (access(absl::StrCat(folder, "/", program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

class ProcessBench {
 public:
  ProcessBench(const UserspaceEffort& effort, const Programs& programs, const ScopedFolder& folder,
               const Collector& collector)
      : effort_(effort), paths_(programs), folder_(folder), target_(collector.target()) {
    AddWeir();
    if (IsInstalled("softflowd")) AddSoftflowd();
    if (IsInstalled("nfpcapd")) AddNfpcapd();
    for (const auto& [program, package] :
         {std::pair{kSoftflowd, "softflowd"}, std::pair{kNfpcapd, "nfdump"}}) {
      const auto is_it = [name = program](const Program& other) { return other.name == name; };
      if (std::none_of(programs_.begin(), programs_.end(), is_it)) {
        costs_.missing.push_back(
            absl::StrCat(program, ": Debian's package ", package, " is not installed"));
      }
    }
  }

  sdk::Status Measure() {
    for (const auto& [name, snap_length] :
         {std::pair{"whole packets", 65'535u}, std::pair{"96 bytes of each packet", 96u}}) {
      const SyntheticCapture capture{effort_.packets, effort_.conversations, snap_length};
      sdk::Status status =
          MeasureCapture(capture, absl::StrCat(effort_.packets, " packets, ", name));
      if (!status.ok()) return status;
    }
    // What it takes to start and to end.
    return MeasureCapture({1, 1}, "1 packet");
  }

  ProcessCosts TakeCosts() { return std::move(costs_); }

 private:
  void AddWeir() {
    programs_.push_back({kWeir,
                         [this](const std::string& capture) {
                           // The example takes the name from the environment.
                           setenv("CAPTURE", capture.c_str(), /*replace=*/1);
                           return std::vector<std::string>{
                               paths_.tree + "/bin/weir", "run",
                               "--config=" + paths_.tree + "/share/weir/examples/pcap.textproto"};
                         },
                         ReadJsonLines, /*counts_frames=*/true});
  }

  // Exports as NetFlow version 9, the one that has IPv6; with room for all flows, as the
  // others have.
  void AddSoftflowd() {
    programs_.push_back({kSoftflowd,
                         [this](const std::string& capture) {
                           return std::vector<std::string>{"softflowd", "-r", capture,
                                                           "-v",        "9",  "-m",
                                                           "100000",    "-n", target_};
                         },
                         [](const std::string& output) {
                           return CaptureContents{NumberAfter(output, "Packets processed: "), 0,
                                                  NumberAfter(output, "Flows expired: ")};
                         }});
  }

  void AddNfpcapd() {
    programs_.push_back(
        {kNfpcapd,
         [this](const std::string& capture) {
           return std::vector<std::string>{"nfpcapd", "-r", capture, "-w", folder_.File("")};
         },
         [](const std::string& output) {
           return CaptureContents{NumberAfter(output, "Packets: "), 0,
                                  NumberAfter(output, "Flows: ")};
         }});
  }

  sdk::Status MeasureCapture(const SyntheticCapture& capture, const std::string& traffic) {
    const std::string path = folder_.File("capture.pcap");
    sdk::Result<CaptureContents> contents = WriteCapture(capture, path);
    if (!contents.ok()) return contents.status();
    std::vector<Subject> subjects;
    for (const Program& program : programs_) {
      sdk::Status status = Check(program, path, *contents, traffic);
      if (!status.ok()) return status;
      const std::string baseline = programs_.size() > 1 ? programs_[1].name : programs_[0].name;
      subjects.push_back({program.name, baseline, [&program, &path, &capture, this] {
                            return Sample(program, path, capture.packets);
                          }});
    }
    auto some = Compare("process", traffic, effort_.rounds, /*floor=*/"", subjects);
    if (!some.ok()) return some.status();
    costs_.measurements.insert(costs_.measurements.end(), some->begin(), some->end());
    return sdk::OkStatus();
  }

  // Has all packets been counted? Of a program that loses some the time is worth nothing.
  sdk::Status Check(const Program& program, const std::string& path,
                    const CaptureContents& contents, const std::string& traffic) {
    const std::string output = folder_.File("output");
    sdk::Result<ChildCosts> ran = RunChild(paths_.measure_child, program.command(path), output);
    if (!ran.ok()) return ran.status();
    const CaptureContents counted = program.reader(ReadFile(output));
    if (counted.packets != contents.packets ||
        (program.counts_frames && counted.bytes != contents.bytes)) {
      return sdk::Status(
          WEIR_DATA_LOSS,
          absl::StrCat(program.name, ": of ", contents.packets, " packets and ", contents.bytes,
                       " bytes it counted ", counted.packets, " and ", counted.bytes));
    }
    costs_.facts.push_back({program.name, traffic, counted.flows, ran->peak_bytes});
    return sdk::OkStatus();
  }

  sdk::Result<double> Sample(const Program& program, const std::string& path, uint32_t packets) {
    sdk::Result<ChildCosts> ran =
        RunChild(paths_.measure_child, program.command(path), "/dev/null");
    if (!ran.ok()) return ran.status();
    return ran->cpu_ns / packets;
  }

  const UserspaceEffort& effort_;
  const Programs& paths_;
  const ScopedFolder& folder_;
  const std::string target_;
  std::vector<Program> programs_;
  ProcessCosts costs_;
};

}  // namespace

sdk::Result<ProcessCosts> MeasureProcesses(const UserspaceEffort& effort,
                                           const Programs& programs) {
  sdk::Result<std::unique_ptr<ScopedFolder>> folder = ScopedFolder::Make();
  if (!folder.ok()) return folder.status();
  sdk::Result<std::unique_ptr<Collector>> collector = Collector::Open();
  if (!collector.ok()) return collector.status();
  ProcessBench bench(effort, programs, **folder, **collector);
  if (sdk::Status status = bench.Measure(); !status.ok()) return status;
  return bench.TakeCosts();
}

}  // namespace weir::benchmarks
