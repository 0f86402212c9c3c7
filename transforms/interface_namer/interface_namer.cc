// SPDX-License-Identifier: Apache-2.0
#include "transforms/interface_namer/interface_namer.h"

#include <net/if.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "plugins/sdk/copy_batch.h"
#include "plugins/sdk/diagnosis.h"
#include "plugins/sdk/emit_rows.h"
#include "plugins/sdk/errno_status.h"

namespace weir::transforms {
namespace {

constexpr char kNamespaceFile[] = "/proc/thread-self/ns/net";

}  // namespace

sdk::Result<std::unique_ptr<InterfaceNamerTransform>> InterfaceNamerTransform::Create(
    const InterfaceNamer& config, sdk::Stage stage) {
  for (const auto& [index, name] : config.names()) {
    if (name.empty() || name.size() > kMaxInterfaceName) {
      return sdk::Status(WEIR_INVALID_ARGUMENT,
                         absl::StrCat("names: the name of interface ", index, " has ", name.size(),
                                      " bytes; it may have 1 to ", kMaxInterfaceName));
    }
  }
  return std::unique_ptr<InterfaceNamerTransform>(
      new InterfaceNamerTransform(config, std::move(stage)));
}

InterfaceNamerTransform::InterfaceNamerTransform(const InterfaceNamer& config, sdk::Stage stage)
    : configured_(config.names().begin(), config.names().end()),
      live_(config.live()),
      stage_(std::move(stage)) {}

sdk::Status InterfaceNamerTransform::Diagnose(const sdk::Findings& findings) {
  sdk::Status status = Start();
  if (status.ok()) status = Stop();
  findings.Add(sdk::FindingOf(status, "interface names",
                              live_ ? "the kernel lists them" : "the configuration has them"));
  return sdk::OkStatus();
}

sdk::Status InterfaceNamerTransform::Start() {
  if (!live_) return sdk::OkStatus();
  struct stat info;
  if (stat(kNamespaceFile, &info) != 0) return sdk::ErrnoStatus(kNamespaceFile, errno);
  own_namespace_ = info.st_ino;
  return watcher_.Start();
}

sdk::Status InterfaceNamerTransform::Stop() {
  watcher_.Stop();
  return sdk::OkStatus();
}

sdk::Status InterfaceNamerTransform::Process(const BatchView& batch) {
  if (batch.size() == 0) return sdk::OkStatus();  // an empty batch must not be emitted
  uint32_t first = 0;
  while (first < batch.size() && !NeedsName(batch[first])) ++first;
  if (first == batch.size()) return sdk::EmitAsItIs(stage_, *batch.raw());
  weir_batch* const out = sdk::CopyBatch(stage_, *batch.raw());
  if (out == nullptr) return {WEIR_RESOURCE_EXHAUSTED, "no memory for a batch"};
  BatchNames found;
  for (uint32_t i = first; i < out->size; ++i) {
    if (sdk::Status status = Name(sdk::MutableRow(out, i), &found); !status.ok()) {
      stage_.host()->batch_release(out);
      return status;
    }
  }
  return stage_.Emit(out);
}

bool InterfaceNamerTransform::NeedsName(const Record& record) const {
  return record.interface_name[0] == '\0' || configured_.contains(record.if_index);
}

sdk::Status InterfaceNamerTransform::Name(Record* record, BatchNames* found) {
  if (const auto name = configured_.find(record->if_index); name != configured_.end()) {
    SetInterfaceName(name->second, record);
    return sdk::OkStatus();
  }
  if (record->interface_name[0] != '\0') return sdk::OkStatus();
  if (!live_ || !IsOurs(*record)) {
    SetInterfaceName(kUnknownInterface, record);
    return sdk::OkStatus();
  }
  auto name = found->names.find(record->if_index);
  if (name == found->names.end()) {
    sdk::Result<std::string> live = LiveName(record->if_index, &found->refreshed);
    if (!live.ok()) return live.status();
    name = found->names.emplace(record->if_index, *std::move(live)).first;
  }
  SetInterfaceName(name->second.empty() ? kUnknownInterface : name->second, record);
  return sdk::OkStatus();
}

bool InterfaceNamerTransform::IsOurs(const Record& record) const {
  return (record.present & WEIR_HAS_NETWORK_NAMESPACE) == 0 ||
         record.network_namespace == own_namespace_;
}

sdk::Result<std::string> InterfaceNamerTransform::LiveName(uint32_t if_index, bool* refreshed) {
  if (std::optional<std::string> name = link_names_.Find(if_index)) return *std::move(name);
  // The record may be faster than the watcher's thread, or than the kernel's message.
  if (!std::exchange(*refreshed, true)) {
    if (sdk::Status status = watcher_.Refresh(); !status.ok()) return status;
    if (std::optional<std::string> name = link_names_.Find(if_index)) return *std::move(name);
  }
  std::array<char, IF_NAMESIZE> name;
  if (if_indextoname(if_index, name.data()) != nullptr) return std::string(name.data());
  if (errno == ENXIO || errno == ENODEV) return std::string();
  return sdk::ErrnoStatus(absl::StrCat("name of interface ", if_index), errno);
}

}  // namespace weir::transforms
