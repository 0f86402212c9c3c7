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

// Reads the header of a capture. Returns the error of a run.
sdk::Status CheckHeader(CaptureFile* file) {
  sdk::Result<sdk::UniqueFd> fd = OpenCapture(file);
  if (!fd.ok()) return fd.status();
  const auto failed = [file](const sdk::Status& status) {
    return sdk::Status(status.code(), file->name + ": " + status.message());
  };
  CaptureInput input(sdk::InterruptibleReader(fd->get(), -1, [] { return sdk::OkStatus(); }));
  sdk::Result<std::string_view> magic = input.PeekMagic();
  if (!magic.ok()) return failed(magic.status());
  sdk::Result<std::unique_ptr<ByteStream>> unpacked = Decompress(*magic, &input);
  if (!unpacked.ok()) return failed(unpacked.status());
  const std::atomic<bool> interrupted{false};
  InterfaceTable interfaces;
  OpenFailure failure{};
  const sdk::Result<std::unique_ptr<CaptureReader>> capture = CaptureReader::Open(
      *unpacked != nullptr ? unpacked->get() : &input, &interrupted, &interfaces, &failure);
  return capture.ok() ? sdk::OkStatus() : failed(OpenError(failure, capture.status()));
}

// Returns OK if one of the files of a folder is a capture, otherwise the error of the first file.
sdk::Status CheckFolder(std::vector<CaptureFile>* files) {
  sdk::Status first;
  for (CaptureFile& file : *files) {
    const sdk::Status status = CheckHeader(&file);
    if (status.ok()) return status;
    if (first.ok()) first = status;
  }
  return first;
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

// A path, and the error of a run that has only paths without captures.
struct PathDiagnosis {
  sdk::Finding finding;
  sdk::Status no_capture;  // OK: the path has a capture, or `finding` says why the run fails
};

PathDiagnosis DiagnosePath(const std::string& path) {
  const bool is_stdin = path == "-";
  if (!is_stdin && sdk::IsNamedPipe(path)) return {sdk::NamedPipe(path, R_OK), {}};
  std::vector<CaptureFile> files;
  sdk::Status status = AddCaptures(path, &files);
  if (!status.ok()) return {sdk::FindingOf(status, kSubject, ""), {}};
  const std::string text = (is_stdin ? "standard input" : path) + ": " + Describe(files);
  sdk::Status no_capture;
  if (files.empty()) {
    no_capture = NoCapture(path);
  } else if (files[0].from_folder) {
    no_capture = CheckFolder(&files);
    if (!no_capture.ok()) {
      no_capture = {no_capture.code(), "no packet could be read: " + no_capture.message()};
    }
  } else if (files[0].size.has_value() && !is_stdin) {
    status = CheckHeader(&files[0]);
  }
  return {sdk::FindingOf(status, kSubject, text), no_capture};
}

}  // namespace

std::vector<sdk::Finding> DiagnoseCaptures(const std::vector<std::string>& paths) {
  std::vector<sdk::Finding> findings;
  sdk::Status no_capture;  // of the first folder with files, otherwise of the first folder
  bool all_without = true;
  for (const std::string& path : paths) {
    const PathDiagnosis diagnosis = DiagnosePath(path);
    findings.push_back(diagnosis.finding);
    all_without = all_without && !diagnosis.no_capture.ok();
    const bool is_better =
        no_capture.code() == WEIR_NOT_FOUND && diagnosis.no_capture.code() != WEIR_NOT_FOUND;
    if (no_capture.ok() || is_better) no_capture = diagnosis.no_capture;
  }
  if (all_without) findings.push_back(sdk::FindingOf(no_capture, kSubject, ""));
  return findings;
}

}  // namespace weir::pcap
