// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/diagnosis.h"

#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/record/human.h"
#include "plugins/sdk/diagnosis.h"
#include "plugins/sdk/interruptible_reader.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/pcap/files/byte_stream.h"
#include "sources/pcap/files/capture_files.h"
#include "sources/pcap/files/capture_input.h"
#include "sources/pcap/files/decompress.h"
#include "sources/pcap/formats/capture_reader.h"
#include "sources/pcap/formats/interface_table.h"

namespace weir::pcap {

namespace {

constexpr char kSubject[] = "path";

// Reads the header of a capture.
sdk::Status CheckHeader(CaptureFile* file) {
  sdk::Result<sdk::UniqueFd> fd = OpenCapture(file);
  if (!fd.ok()) return fd.status();
  CaptureInput input(sdk::InterruptibleReader(fd->get(), -1, [] { return sdk::OkStatus(); }));
  sdk::Result<std::string_view> magic = input.PeekMagic();
  if (!magic.ok()) return magic.status();
  sdk::Result<std::unique_ptr<ByteStream>> unpacked = Decompress(*magic, &input);
  if (!unpacked.ok()) return unpacked.status();
  const std::atomic<bool> interrupted{false};
  InterfaceTable interfaces;
  OpenFailure failure{};
  const sdk::Result<std::unique_ptr<CaptureReader>> capture = CaptureReader::Open(
      *unpacked != nullptr ? unpacked->get() : &input, &interrupted, &interfaces, &failure);
  return capture.ok() ? sdk::OkStatus() : OpenError(failure, capture.status());
}

// Of the files of a path, which can be read.
std::string Describe(const std::vector<CaptureFile>& files) {
  if (files.empty()) return "an empty folder";
  if (!files[0].size.has_value()) return "a pipe or a device";
  uint64_t bytes = 0;
  for (const CaptureFile& file : files) bytes += file.size.value_or(0);
  if (!files[0].from_folder) return "a capture of " + HumanBytes(bytes);
  return "a folder with " + std::to_string(files.size()) + " files of " + HumanBytes(bytes);
}

// Sets `empty` if the path is a folder without files.
sdk::Finding DiagnosePath(const std::string& path, bool* empty) {
  const bool is_stdin = path == "-";
  const std::string name = is_stdin ? "standard input" : path;
  *empty = false;
  if (!is_stdin && sdk::IsNamedPipe(path)) return sdk::NamedPipe(path, R_OK);
  std::vector<CaptureFile> files;
  sdk::Status status = AddCaptures(path, &files);
  if (!status.ok()) return sdk::FindingOf(status, kSubject, "");
  *empty = files.empty();
  const bool is_named_file = files.size() == 1 && !files[0].from_folder && files[0].size;
  if (is_named_file && !is_stdin) status = CheckHeader(&files[0]);
  if (!status.ok()) status = {status.code(), name + ": " + status.message()};
  return sdk::FindingOf(status, kSubject, name + ": " + Describe(files));
}

}  // namespace

std::vector<sdk::Finding> DiagnoseCaptures(const std::vector<std::string>& paths) {
  std::vector<sdk::Finding> findings;
  bool all_empty = true;
  for (const std::string& path : paths) {
    bool empty = false;
    findings.push_back(DiagnosePath(path, &empty));
    all_empty = all_empty && empty;
  }
  if (all_empty) findings.push_back(sdk::FindingOf(NoCapture(paths.front()), kSubject, ""));
  return findings;
}

}  // namespace weir::pcap
