// SPDX-License-Identifier: Apache-2.0
// The source `grpc`: receives records from agents and other weirs.
#ifndef WEIR_SOURCES_GRPC_GRPC_SOURCE_H_
#define WEIR_SOURCES_GRPC_GRPC_SOURCE_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/record/other_interfaces.h"
#include "core/record/protobuf_reader.h"
#include "core/record/record.h"
#include "plugins/sdk/component.h"
#include "plugins/sdk/findings.h"
#include "sources/grpc/grpc.pb.h"
#include "sources/grpc/record_server.h"

namespace weir::sources {

// A message that does not parse to its end is refused as a whole. Threads: see sdk::Source.
class GrpcSource : public sdk::Source {
 public:
  static constexpr uint64_t kCapabilities = 0;

  static sdk::Result<std::unique_ptr<GrpcSource>> Create(const Grpc& config, sdk::Stage stage);
  ~GrpcSource() override;

  sdk::Status Diagnose(const sdk::Findings& findings) override;
  sdk::Status Start() override;
  sdk::Status Run() override;
  void Interrupt() override;
  sdk::Status Stop() override;

  // The port of the first address; valid from Start to Stop.
  int port() const { return server_->port(); }

 private:
  GrpcSource(const Grpc& config, sdk::Stage stage);

  // Returns the server's settings, with certificates and keys read from their files.
  sdk::Result<RecordServerSettings> ServerSettings() const;

  struct Parsed {
    std::vector<weir_batch*> batches;
    ProtobufUnrepresented unrepresented;
    uint64_t only_drops = 0;  // records without packets, which are in no batch
  };

  // Converts a message to batches, which the caller owns. On a fault of the message sets `error`.
  Parsed Parse(std::string_view message, grpc::Status* error) const;
  void CountWhatIsLeftOut(const Parsed& parsed);
  // Appends a record to `batches`, and a new batch if it is needed: after the first record with
  // other interfaces, all batches have room for them. Returns false if there is no memory.
  bool Append(const Record& record, const weir_other_interfaces& others,
              std::vector<weir_batch*>* batches) const;
  weir_batch* NewBatch(bool with_interfaces) const;
  // Emits the records of a message. Returns false if the message was refused and answered.
  bool TakeMessage(RecordServer::Call* call, sdk::Status* status);

  const Grpc config_;
  const sdk::Stage stage_;
  const uint32_t max_flows_;
  std::array<sdk::Metric, ProtobufUnrepresented::kKinds> unrepresented_;
  std::unique_ptr<RecordServer> server_;
};

}  // namespace weir::sources

#endif  // WEIR_SOURCES_GRPC_GRPC_SOURCE_H_
