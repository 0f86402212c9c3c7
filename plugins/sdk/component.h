// SPDX-License-Identifier: Apache-2.0
// The base classes of components. A plugin derives a class from Source, Transform or Sink and
// lists it with WEIR_PLUGIN (plugins/sdk/plugin.h).
//
// A derived class T overrides functions of its base class, and has
//   static sdk::Result<std::unique_ptr<T>> Create(const Config&, sdk::Stage);
// Create checks the configuration and opens nothing: `weir validate` calls it too. T may also have
//   static constexpr uint64_t kCapabilities;         // Linux capabilities from Start to Stop
//   static constexpr uint64_t kPrepareCapabilities;  // Linux capabilities of Prepare
//   static constexpr bool kPausable = true;          // sources: weir_component.input_waits
// Capabilities are bits 1 << CAP_x of linux/capability.h; 0 is none. If a stage of a pipeline has
// no kCapabilities, the host gives up no capability.
//
// weir_plugin.h says on which threads and in which order the host calls these functions.
#ifndef WEIR_PLUGINS_SDK_COMPONENT_H_
#define WEIR_PLUGINS_SDK_COMPONENT_H_

#include <cstdint>

#include "core/record/batch.h"
#include "plugins/sdk/findings.h"
#include "plugins/sdk/stage.h"  // keep: every component has a Stage
#include "plugins/sdk/status.h"

namespace weir::sdk {

// The Config of a component without a configuration.
struct NoConfig {
  bool ParseFromArray(const void*, int size) { return size == 0; }
};

// What all components have in common. One call at a time, except Interrupt.
class Component {
 public:
  virtual ~Component() = default;
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;

  // Reports to `weir doctor` how this machine meets the needs of the configuration. The instance
  // is not started. Leaves nothing behind.
  virtual Status Diagnose(const Findings& /*findings*/) { return OkStatus(); }
  // Opens what needs a privilege that is not needed later. Called before any stage of the pipeline
  // starts. Undone by Stop, or by the destructor if Start was not called or failed.
  virtual Status Prepare() { return OkStatus(); }
  // Opens what the stage needs; Stop undoes it. If it fails, it leaves nothing open.
  virtual Status Start() { return OkStatus(); }
  // Closes everything, also if it fails. An error says what was not delivered.
  virtual Status Stop() { return OkStatus(); }

 protected:
  Component() = default;
};

// Produces records.
class Source : public Component {
 public:
  // Emits records until the input ends or Interrupt is called, then emits the rest. Called once, on
  // a thread of its own.
  virtual Status Run() = 0;
  // Makes Run return soon, also if it comes before Run. Any thread; must not block. A Wakeup
  // (wakeup.h) ends a poll in Run.
  virtual void Interrupt() = 0;
};

// What transforms and sinks have in common.
class Consumer : public Component {
 public:
  // Takes a batch, which is shared and immutable; weir_host.batch_retain keeps it beyond the call.
  virtual Status Process(const BatchView& batch) = 0;
  // Returns the time between two ticks in nanoseconds; 0: no ticks. Called once.
  virtual uint64_t TickIntervalNs() const { return 0; }
  // Does what is due at the time `monotonic_now_ns` (CLOCK_MONOTONIC). May emit.
  virtual Status Tick(uint64_t /*monotonic_now_ns*/) { return OkStatus(); }
  // Closes what is open by a name and opens the name again: another program has moved the old file
  // away and sent SIGUSR1. Called for sinks, and for transforms with ticks.
  virtual Status Reopen() { return OkStatus(); }
  // Emits or delivers all held records, or counts them as dropped. The last call before Stop.
  virtual Status Flush() { return OkStatus(); }
  // The pipeline gives up draining: a Process, Tick or Flush that waits returns CANCELLED soon, and
  // later calls do not wait. Any thread; must not block.
  virtual void Interrupt() {}
};

// Passes records on, changed or in part. Counts those that it does not emit (Stage::Count...).
class Transform : public Consumer {};

// Delivers records, and counts the delivered ones with Stage::CountDelivered.
class Sink : public Consumer {};

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_COMPONENT_H_
