// SPDX-License-Identifier: Apache-2.0
// The base classes of stages. A plugin derives from Source, Transform or Sink and
// lists the result with WEIR_PLUGIN (plugins/sdk/plugin.h).
//
// A derived class T has, beside what it overrides,
//   static sdk::Result<std::unique_ptr<T>> Create(const Config&, sdk::Stage);
// which looks at the configuration and opens nothing: `weir validate` calls it. It may
// have too
//   static constexpr uint64_t kCapabilities;         // what it needs from Start to Stop
//   static constexpr uint64_t kPrepareCapabilities;  // what Prepare needs
// as bits 1 << CAP_x of linux/capability.h. While a stage that has no kCapabilities is in
// a pipeline, the host gives up no capability. A source that reads what waits for it, such as
// files, has
//   static constexpr bool kPausable = true;          // weir_component.input_waits
//
// The threads on which these functions come are those of weir_plugin.h.
#ifndef WEIR_PLUGINS_SDK_COMPONENT_H_
#define WEIR_PLUGINS_SDK_COMPONENT_H_

#include <cstdint>

#include "core/record/batch.h"
#include "plugins/sdk/findings.h"
#include "plugins/sdk/stage.h"  // keep: whoever has a component has its Stage
#include "plugins/sdk/status.h"

namespace weir::sdk {

class Component {
 public:
  virtual ~Component() = default;
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;

  // Reports how this machine suits the configuration, for `weir doctor`; an instance is
  // then not started. Leaves nothing behind.
  virtual Status Diagnose(const Findings& /*findings*/) { return OkStatus(); }
  // Opens what takes a privilege that is not needed later on, before any stage of the
  // pipeline is started. Undone by Stop, or by the destructor if Start never came.
  virtual Status Prepare() { return OkStatus(); }
  // Opens what is needed; undone by Stop. If it fails, it leaves nothing behind.
  virtual Status Start() { return OkStatus(); }
  virtual Status Stop() { return OkStatus(); }

 protected:
  Component() = default;
};

class Source : public Component {
 public:
  // Emits until the input ends or Interrupt was called; hands over what is left.
  virtual Status Run() = 0;
  // Makes Run return soon, also when called before it. Any thread; must not block.
  virtual void Interrupt() = 0;
};

// What transforms and sinks have in common.
class Consumer : public Component {
 public:
  // The batch is the host's; weir_host.batch_retain keeps it.
  virtual Status Process(const BatchView& batch) = 0;
  // Nanoseconds from one Tick to the next; 0 is never. Asked once.
  virtual uint64_t TickIntervalNs() const { return 0; }
  virtual Status Tick(uint64_t /*monotonic_now_ns*/) { return OkStatus(); }
  // Lets go of what is open by a name and opens that name anew: somebody has moved it away,
  // and sent SIGUSR1. Comes to sinks, and to transforms with ticks.
  virtual Status Reopen() { return OkStatus(); }
  // Emits or delivers all that is held.
  virtual Status Flush() { return OkStatus(); }
  // The pipeline gives up: what waits in one of these returns soon, with CANCELLED, and
  // nothing waits from now on. Any thread; must not block.
  virtual void Interrupt() {}
};

class Transform : public Consumer {};

// Counts what it delivered by Stage::CountDelivered.
class Sink : public Consumer {};

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_COMPONENT_H_
