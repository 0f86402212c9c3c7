// SPDX-License-Identifier: Apache-2.0
// How far reading has come, on a terminal: a line that is written over and over.
#ifndef WEIR_SOURCES_PCAP_PROGRESS_H_
#define WEIR_SOURCES_PCAP_PROGRESS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "plugins/sdk/stage.h"

namespace weir::pcap {

// True if a line on `fd` (standard error) has the terminal to itself: it is one, and
// `data_fd` (standard output) is not the same one, where records would go through it.
bool HasTerminal(int fd, int data_fd);

// One thread; `stage` must outlive it. A terminal that takes nothing is no error.
class Progress {
 public:
  // `fd`: where it goes; -1: nowhere. `total_bytes`: of all files, none where not known.
  Progress(const sdk::Stage* stage, int fd, std::optional<uint64_t> total_bytes);

  // What is being read, and how much of all was: bytes as they are in files. Draws at
  // most five times a second.
  void Update(const std::string& name, uint64_t bytes, uint64_t packets);

  // Takes the line away, so that something else can be written.
  void Clear();
  // Leaves the last one standing, with a newline behind it.
  void Finish();

 private:
  std::string Line(uint64_t now) const;
  void Write(const std::string& text) const;

  const sdk::Stage* const stage_;
  const int fd_;
  const std::optional<uint64_t> total_bytes_;
  const uint64_t begin_ns_;
  uint64_t drawn_ns_ = 0;  // 0: not yet
  std::string name_;
  uint64_t bytes_ = 0;
  uint64_t packets_ = 0;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_PROGRESS_H_
