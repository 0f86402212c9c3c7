// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/attach_settings.h"

#include <gtest/gtest.h>

#include <string>

#include "sources/ebpf/testing/text_config.h"

namespace weir::ebpf {
namespace {

sdk::Result<AttachOptions> Options(const std::string& text) {
  return AttachOptionsOf(EbpfMapOf(text));
}

std::string Error(const std::string& text) {
  sdk::Result<AttachOptions> options = Options(text);
  EXPECT_TRUE(options.ok() || options.status().code() == WEIR_INVALID_ARGUMENT);
  return options.status().message();
}

TEST(AttachSettings, ByDefaultInFrontOfAllOthersByWhateverTheKernelHas) {
  sdk::Result<AttachOptions> options = Options("");
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->mode, AttachMode::kAuto);
  EXPECT_EQ(options->tcx_anchor.place, TcxAnchor::Place::kHead);
  EXPECT_EQ(options->clsact_priority, 0);
  EXPECT_EQ(options->clsact_handle, 0u);
}

TEST(AttachSettings, AnAnchorIsAProgramByIdOrByName) {
  sdk::Result<AttachOptions> options = Options("tcx_anchor: BEFORE tcx_anchor_program: '117'");
  ASSERT_TRUE(options.ok()) << options.status().message();
  EXPECT_EQ(options->tcx_anchor.place, TcxAnchor::Place::kBefore);
  EXPECT_EQ(options->tcx_anchor.program_id, 117u);
  EXPECT_EQ(options->tcx_anchor.program_name, "");

  options = Options("attach: TCX tcx_anchor: AFTER tcx_anchor_program: '1st_firewall'");
  ASSERT_TRUE(options.ok()) << options.status().message();
  EXPECT_EQ(options->mode, AttachMode::kTcx);
  EXPECT_EQ(options->tcx_anchor.place, TcxAnchor::Place::kAfter);
  EXPECT_EQ(options->tcx_anchor.program_id, 0u);
  EXPECT_EQ(options->tcx_anchor.program_name, "1st_firewall");

  options = Options("tcx_anchor: TAIL");
  ASSERT_TRUE(options.ok()) << options.status().message();
  EXPECT_EQ(options->tcx_anchor.place, TcxAnchor::Place::kTail);
}

TEST(AttachSettings, AnAnchorIsWholeOrRefused) {
  EXPECT_EQ(Error("tcx_anchor: BEFORE"), "tcx_anchor: BEFORE needs a tcx_anchor_program");
  EXPECT_EQ(Error("tcx_anchor: AFTER tcx_anchor_program: ''"),
            "tcx_anchor: AFTER needs a tcx_anchor_program");
  EXPECT_EQ(Error("tcx_anchor_program: 'x'"),
            "tcx_anchor_program: only valid with tcx_anchor: BEFORE or AFTER");
  EXPECT_EQ(Error("tcx_anchor: TAIL tcx_anchor_program: 'x'"),
            "tcx_anchor_program: only valid with tcx_anchor: BEFORE or AFTER");
  for (const char* const id : {"0", "4294967296", "99999999999999999999"}) {
    EXPECT_EQ(Error(std::string("tcx_anchor: AFTER tcx_anchor_program: '") + id + "'"),
              std::string("tcx_anchor_program: ") + id + " is not a program id");
  }
}

TEST(AttachSettings, ClsactHasPriorityAndHandle) {
  sdk::Result<AttachOptions> options =
      Options("attach: CLSACT clsact_priority: 65535 clsact_handle: 4294967295");
  ASSERT_TRUE(options.ok()) << options.status().message();
  EXPECT_EQ(options->mode, AttachMode::kClsact);
  EXPECT_EQ(options->clsact_priority, 65535);
  EXPECT_EQ(options->clsact_handle, 4294967295u);
  EXPECT_EQ(Error("clsact_priority: 65536"), "clsact_priority: must be at most 65535");
}

// With AUTO, each field is for its own case. With TCX or CLSACT, the fields of the other are a
// mistake.
TEST(AttachSettings, WhatCannotHaveAnEffectIsRefused) {
  EXPECT_EQ(Error("tcx_anchor: TAIL clsact_priority: 5 clsact_handle: 1"), "");
  EXPECT_EQ(Error("attach: CLSACT tcx_anchor: HEAD"),
            "tcx_anchor: has no effect with attach: CLSACT");
  EXPECT_EQ(Error("attach: CLSACT tcx_anchor_program: 'x'"),
            "tcx_anchor_program: has no effect with attach: CLSACT");
  EXPECT_EQ(Error("attach: TCX clsact_priority: 5"),
            "clsact_priority: has no effect with attach: TCX");
  EXPECT_EQ(Error("attach: TCX clsact_handle: 5"), "clsact_handle: has no effect with attach: TCX");
}

}  // namespace
}  // namespace weir::ebpf
