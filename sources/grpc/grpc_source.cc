// SPDX-License-Identifier: Apache-2.0
#include "sources/grpc/grpc_source.h"

#include <grpcpp/support/slice.h>

#include <cstring>
#include <string>
#include <utility>

#include "core/record/agent_tcp_flags.h"
#include "core/record/protobuf_reader.h"
#include "plugins/sdk/diagnosis.h"
#include "plugins/sdk/read_pem.h"
#include "sources/grpc/listen_address.h"

namespace weir::sources {
namespace {

constexpr uint32_t kRowsPerBatch = 1024;

sdk::Status ReadPem(const char* field, const std::string& path, sdk::PemKind kind,
                    std::string* text) {
  sdk::Result<std::string> contents = sdk::ReadPem(field, path, kind);
  if (!contents.ok()) return contents.status();
  *text = *std::move(contents);
  return sdk::OkStatus();
}

// The values of the label `reason`, in the order of ProtobufUnrepresented::Kind.
constexpr const char* kUnrepresented[ProtobufUnrepresented::kKinds] = {
    "drops", "dns", "rtt", "network_events", "translation", "user_network", "interfaces", "other"};

sdk::Result<std::shared_ptr<grpc::ServerCredentials>> CredentialsOf(const Grpc& config) {
  if (!config.has_tls()) return grpc::InsecureServerCredentials();
  const bool mutual = !config.tls().client_ca_file().empty();
  grpc::SslServerCredentialsOptions options(
      mutual ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
             : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  grpc::SslServerCredentialsOptions::PemKeyCertPair own;
  sdk::Status status = ReadPem("tls.cert_file", config.tls().cert_file(),
                               sdk::PemKind::kCertificates, &own.cert_chain);
  if (status.ok()) {
    status = ReadPem("tls.key_file", config.tls().key_file(), sdk::PemKind::kPrivateKey,
                     &own.private_key);
  }
  if (status.ok() && mutual) {
    status = ReadPem("tls.client_ca_file", config.tls().client_ca_file(),
                     sdk::PemKind::kCertificates, &options.pem_root_certs);
  }
  if (!status.ok()) return status;
  options.pem_key_cert_pairs.push_back(std::move(own));
  return grpc::SslServerCredentials(options);
}

}  // namespace

sdk::Result<std::unique_ptr<GrpcSource>> GrpcSource::Create(const Grpc& config, sdk::Stage stage) {
  if (config.listen().empty()) return sdk::Status(WEIR_INVALID_ARGUMENT, "listen: is required");
  return std::unique_ptr<GrpcSource>(new GrpcSource(config, std::move(stage)));
}

GrpcSource::GrpcSource(const Grpc& config, sdk::Stage stage)
    : config_(config),
      stage_(std::move(stage)),
      max_flows_(config.has_max_message_flows() ? config.max_message_flows() : 65'536) {
  for (size_t kind = 0; kind < ProtobufUnrepresented::kKinds; ++kind) {
    unrepresented_[kind] = stage_.Counter(
        "weir_grpc_unrepresented_fields_total",
        "Fields of messages with a value that records have no place for.", kUnrepresented[kind]);
  }
}

GrpcSource::~GrpcSource() = default;

// Starts a server on a port that the kernel chooses, and ends it at once: this shows whether gRPC
// accepts the certificates. The configured addresses are not opened, because agents may know them.
sdk::Status GrpcSource::Diagnose(const sdk::Findings& findings) {
  for (const std::string& listen : config_.listen()) {
    findings.Add(sdk::FindingOf(CheckListen(listen), "listen", listen + " is free"));
  }
  if (!config_.has_tls()) return sdk::OkStatus();
  sdk::Result<RecordServerSettings> settings = ServerSettings();
  sdk::Status status = settings.status();
  if (status.ok()) {
    settings->listen = {"127.0.0.1:0"};
    status = RecordServer(*std::move(settings), stage_).Start();
  }
  findings.Add(sdk::FindingOf(status, "tls", "the certificate and the key can be used"));
  return sdk::OkStatus();
}

sdk::Result<RecordServerSettings> GrpcSource::ServerSettings() const {
  sdk::Result<std::shared_ptr<grpc::ServerCredentials>> credentials = CredentialsOf(config_);
  if (!credentials.ok()) return credentials.status();
  RecordServerSettings settings;
  settings.listen.assign(config_.listen().begin(), config_.listen().end());
  if (config_.has_max_message_bytes()) settings.max_message_bytes = config_.max_message_bytes();
  if (config_.has_max_connections()) settings.max_connections = config_.max_connections();
  if (config_.has_max_messages()) settings.max_messages = config_.max_messages();
  settings.credentials = *credentials;
  settings.uses_tls = config_.has_tls();
  return settings;
}

sdk::Status GrpcSource::Start() {
  sdk::Result<RecordServerSettings> settings = ServerSettings();
  if (!settings.ok()) return settings.status();
  server_ = std::make_unique<RecordServer>(*std::move(settings), stage_);
  sdk::Status status = server_->Start();
  if (!status.ok()) {
    server_.reset();
    return status;
  }
  for (const std::string& listen : config_.listen()) {
    stage_.Log(WEIR_LOG_INFO, "taking records at " + listen);
  }
  return sdk::OkStatus();
}

sdk::Status GrpcSource::Run() {
  while (true) {
    const std::vector<RecordServer::Call*> calls = server_->Take();
    if (calls.empty()) return sdk::OkStatus();  // interrupted, and every message was answered
    sdk::Status status;
    std::vector<RecordServer::Call*> emitted;
    for (RecordServer::Call* const call : calls) {
      if (!status.ok()) {
        server_->Answer(call, {grpc::StatusCode::UNAVAILABLE, "weir is ending"}, true);
      } else if (TakeMessage(call, &status)) {
        emitted.push_back(call);
      }
    }
    const sdk::Status outcome = stage_.WaitForDelivery();
    if (status.ok() && outcome.code() == WEIR_UNIMPLEMENTED) status = outcome;
    const bool arrived = status.ok() && outcome.ok();
    const grpc::Status answer =
        arrived ? grpc::Status::OK
                : grpc::Status(grpc::StatusCode::DATA_LOSS, "records were dropped before delivery");
    for (RecordServer::Call* const call : emitted) server_->Answer(call, answer, false);
    if (!status.ok()) return status;
  }
}

bool GrpcSource::TakeMessage(RecordServer::Call* call, sdk::Status* status) {
  grpc::Slice message;
  grpc::Status error;
  if (!RecordServer::MessageOf(call).DumpToSingleSlice(&message).ok()) {
    error = grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "no memory for the message");
  }
  Parsed parsed;
  if (error.ok()) {
    parsed = Parse({reinterpret_cast<const char*>(message.begin()), message.size()}, &error);
  }
  const std::vector<weir_batch*>& batches = parsed.batches;
  if (!error.ok()) {
    for (weir_batch* const batch : batches) stage_.host()->batch_release(batch);
    server_->Answer(call, error, true);
    return false;
  }
  CountWhatIsLeftOut(parsed);
  for (weir_batch* const batch : batches) {
    // Also if the pipeline is ending: emit then counts the records as dropped.
    stage_.CountReceived(batch->size);
    const weir_code code = stage_.host()->emit(stage_.raw(), batch);
    if (code != WEIR_OK) *status = sdk::Status(code, "the pipeline takes no more records");
  }
  return true;
}

void GrpcSource::CountWhatIsLeftOut(const Parsed& parsed) {
  for (size_t kind = 0; kind < ProtobufUnrepresented::kKinds; ++kind) {
    const uint64_t fields = parsed.unrepresented.fields[kind];
    if (fields > 0) unrepresented_[kind].Add(static_cast<int64_t>(fields));
  }
  if (parsed.only_drops == 0) return;
  stage_.CountReceived(parsed.only_drops);
  stage_.CountDropped("only_drops", parsed.only_drops);
}

GrpcSource::Parsed GrpcSource::Parse(std::string_view message, grpc::Status* error) const {
  Parsed parsed;
  const bool agent_tcp_flags = config_.tcp_flags() != Grpc::IPFIX;
  ProtobufFields fields(message);
  ProtobufField field;
  uint32_t records = 0;
  const auto invalid = [&](const std::string& why) {
    *error = grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                          "record " + std::to_string(records) + ": " + why);
  };
  while (error->ok() && fields.Next(&field)) {
    if (field.id != 1) continue;
    if (records >= max_flows_) {
      *error = grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                            "a message has more than " + std::to_string(max_flows_) + " records");
      break;
    }
    Record record;
    weir_other_interfaces others;
    const uint64_t drops_before = parsed.unrepresented.fields[ProtobufUnrepresented::kDrops];
    const char* const why =
        field.type != ProtobufField::kBytes
            ? "is no message"
            : ReadProtobuf(field.bytes, &record, &others, &parsed.unrepresented);
    if (why != nullptr) {
      invalid(why);
      break;
    }
    ++records;
    // An agent sends such a record for packets that only its drop tracer saw.
    const bool has_drops =
        parsed.unrepresented.fields[ProtobufUnrepresented::kDrops] != drops_before;
    if (has_drops && record.packets == 0 && record.bytes == 0) {
      ++parsed.only_drops;
      continue;
    }
    if (agent_tcp_flags) TranslateAgentTcpFlags(&record);
    if (!Append(record, others, &parsed.batches)) {
      *error = grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "no memory for a batch");
      break;
    }
  }
  if (error->ok() && fields.error() != nullptr) invalid(fields.error());
  return parsed;
}

bool GrpcSource::Append(const Record& record, const weir_other_interfaces& others,
                        std::vector<weir_batch*>* batches) const {
  weir_batch* batch = batches->empty() ? nullptr : batches->back();
  const bool has_block = batch != nullptr && batch->block_offset[WEIR_BLOCK_INTERFACES] != 0;
  const bool needs_block = others.count > 0 && !has_block;
  if (batch == nullptr || batch->size == batch->capacity || needs_block) {
    batch = NewBatch(has_block || needs_block);
    if (batch == nullptr) return false;
    batches->push_back(batch);
  }
  uint8_t* const row = batch->rows + size_t{batch->size} * batch->stride;
  std::memcpy(row, &record, sizeof(record));
  if (const uint16_t offset = batch->block_offset[WEIR_BLOCK_INTERFACES]; offset != 0) {
    // The rest of the block is zero.
    std::memcpy(
        row + offset, &others,
        offsetof(weir_other_interfaces, interfaces) + others.count * sizeof(others.interfaces[0]));
  }
  ++batch->size;
  return true;
}

weir_batch* GrpcSource::NewBatch(bool with_interfaces) const {
  if (!with_interfaces) {
    return stage_.host()->batch_allocate(stage_.raw(), kRowsPerBatch, nullptr);
  }
  const weir_batch layout = LayoutWithInterfaces();
  return stage_.host()->batch_allocate(stage_.raw(), kRowsPerBatch, &layout);
}

void GrpcSource::Interrupt() { server_->Refuse(); }

sdk::Status GrpcSource::Stop() {
  server_->Stop();
  server_.reset();
  return sdk::OkStatus();
}

}  // namespace weir::sources
