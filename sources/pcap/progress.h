// SPDX-License-Identifier: Apache-2.0
// Shows on a terminal how much of the captures has been read, in one line that is redrawn.
#ifndef WEIR_SOURCES_PCAP_PROGRESS_H_
#define WEIR_SOURCES_PCAP_PROGRESS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "plugins/sdk/stage.h"

namespace weir::pcap {

// Returns true if a line on `fd` (standard error) does not mix with records: `fd` is a terminal,
// and `data_fd` (standard output) is not the same terminal.
bool HasTerminal(int fd, int data_fd);

// One thread. `stage` must outlive it. Errors of the terminal are ignored.
class Progress {
 public:
  // Writes to `fd`, or nowhere if it is -1. `total_bytes` is the size of all files, if it is known.
  Progress(const sdk::Stage* stage, int fd, std::optional<uint64_t> total_bytes);

  // Sets the file that is being read and what has been read so far, in bytes of the files. Draws at
  // most five times per second.
  void Update(const std::string& name, uint64_t bytes, uint64_t packets);

  // Erases the line, so that something else can be written.
  void Clear();
  // Draws the line for the last time, with a newline.
  void Finish();

 private:
  std::string Line(uint64_t now) const;
  void Write(const std::string& text) const;

  const sdk::Stage* const stage_;
  const int fd_;
  const std::optional<uint64_t> total_bytes_;
  const uint64_t begin_ns_;
  uint64_t drawn_ns_ = 0;  // 0: never
  std::string name_;
  uint64_t bytes_ = 0;
  uint64_t packets_ = 0;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_PROGRESS_H_
