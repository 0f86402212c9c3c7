// SPDX-License-Identifier: Apache-2.0
// What the source `pcap` costs, and what it costs to read the file alone: the least it can.
#ifndef WEIR_TOOLS_BENCHMARKS_CAPTURE_SOURCE_H_
#define WEIR_TOOLS_BENCHMARKS_CAPTURE_SOURCE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "core/plugin/catalogue.h"
#include "plugins/sdk/status.h"
#include "tools/benchmarks/scoped_folder.h"

namespace weir::benchmarks {

// A capture in a folder of its own, with the first 96 bytes of each packet. Used by one
// thread.
class CaptureSource {
 public:
  // `packets` packets of `flows` flows, not all of which occur where there are few packets.
  // The catalogue must outlive it.
  static sdk::Result<std::unique_ptr<CaptureSource>> Make(const plugin::Catalogue& catalogue,
                                                          uint32_t packets, uint32_t flows);

  // A source runs once, so each sample is a pipeline of its own, from its start until it is
  // drained: the plugin, a queue, and a sink that does nothing. Returns ns of processor time
  // per packet, of all threads.
  sdk::Result<double> Sample() const;
  // The same for read(2) until the file's end.
  sdk::Result<double> SampleReading() const;

 private:
  CaptureSource(const plugin::Catalogue& catalogue, uint32_t packets,
                std::unique_ptr<ScopedFolder> folder)
      : catalogue_(catalogue), packets_(packets), folder_(std::move(folder)) {}

  std::string Path() const { return folder_->File("capture.pcap"); }
  std::string PipelineText() const;

  const plugin::Catalogue& catalogue_;
  const uint32_t packets_;
  const std::unique_ptr<ScopedFolder> folder_;
};

}  // namespace weir::benchmarks

#endif  // WEIR_TOOLS_BENCHMARKS_CAPTURE_SOURCE_H_
