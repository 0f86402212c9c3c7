// SPDX-License-Identifier: Apache-2.0
// The C++ SDK across the C boundary: entries, errors, batches; and the fake host.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest-spi.h"
#include "gtest/gtest.h"
#include "plugins/sdk/config_reader.h"
#include "plugins/sdk/diagnosis.h"
#include "plugins/sdk/duration_option.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/plugin.h"
#include "plugins/sdk/read_pem.h"
#include "plugins/sdk/testing/fake_host.h"

namespace weir::sdk {
namespace {

using testing::FakeHost;

std::string Pem(const std::string& label, const std::string& body) {
  return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
}

TEST(ReadPemTest, WaitsForNoWriter) {
  const std::string path = ::testing::TempDir() + "pem_pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  for (const std::string& it : {path, std::string("/dev/zero")}) {
    EXPECT_EQ(ReadPem("ca_file", it, PemKind::kCertificates).status().message(),
              "ca_file: read " + it + ": it is not a regular file");
  }
  ASSERT_EQ(unlink(path.c_str()), 0);
}

TEST(ReadPemTest, SaysWhatIsWrong) {
  const auto certificates = [](const std::string& text) {
    return internal::WhatIsWrongWithPem(text, PemKind::kCertificates);
  };
  const auto key = [](const std::string& text) {
    return internal::WhatIsWrongWithPem(text, PemKind::kPrivateKey);
  };
  const std::string body = "MAMCAQE=";  // a SEQUENCE of one number
  EXPECT_EQ(certificates("a comment\n" + Pem("CERTIFICATE", body) + Pem("CERTIFICATE", body)), "");
  EXPECT_EQ(key(Pem("EC PARAMETERS", "xx") + Pem("EC PRIVATE KEY", body)), "");
  EXPECT_EQ(key(Pem("PRIVATE KEY", body)), "");
  EXPECT_EQ(certificates("hello"), "has no certificate in PEM");
  EXPECT_EQ(certificates(Pem("PRIVATE KEY", body)), "has no certificate in PEM");
  EXPECT_EQ(key(Pem("CERTIFICATE", body)), "has no private key in PEM");
  EXPECT_EQ(certificates("-----BEGIN CERT"), "has a line that is cut off");
  EXPECT_EQ(certificates("-----BEGIN CERTIFICATE-----\n" + body),
            "has a CERTIFICATE that does not end");
  for (const char* const damaged :
       {"MAMCAQ==", "MAMCAQEB", "MAMCAQE", "MAM?AQE=", "", "MIMCAQE="}) {
    EXPECT_EQ(certificates(Pem("CERTIFICATE", body) + Pem("CERTIFICATE", damaged)),
              "has a damaged certificate")
        << damaged;
  }
  EXPECT_NE(key(Pem("ENCRYPTED PRIVATE KEY", body)).find("encrypted"), std::string::npos);
  EXPECT_NE(key(Pem("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\n\n" + body)).find("encrypted"),
            std::string::npos);
}

// A configuration of one byte, in place of a protobuf message.
struct OneByte {
  bool ParseFromArray(const void* data, int size) {
    if (size != 1) return false;
    value = *static_cast<const char*>(data);
    return true;
  }
  char value = 0;
};

// Does what its configuration says when it is asked to process.
class Moody : public Transform {
 public:
  static Result<std::unique_ptr<Moody>> Create(const OneByte& config, Stage stage) {
    if (config.value == 'c') return Status(WEIR_INVALID_ARGUMENT, "not like this");
    return std::make_unique<Moody>(config.value, std::move(stage));
  }
  Moody(char mood, Stage stage) : mood_(mood), stage_(std::move(stage)) {}

  Status Process(const BatchView& batch) override {
    if (mood_ == 't') throw std::runtime_error("thrown");
    if (mood_ == 'm') throw std::bad_alloc();
    if (mood_ == 'i') throw 42;
    if (mood_ == 'a') return absl::DataLossError("from abseil");
    BatchWriter writer(&stage_, 2);
    for (const Record& record : batch) {
      if (const Status status = writer.Append(record); !status.ok()) return status;
    }
    return writer.Flush();
  }

 private:
  const char mood_;
  const Stage stage_;
};

// An instance behind the C entries, as the host holds it.
class Entered {
 public:
  Entered(FakeHost* host, const std::string& config)
      : component_(Define<Moody, OneByte>("moody", "For tests.")) {
    weir_create_args args{};
    args.struct_size = sizeof(args);
    args.host = host->host();
    args.stage = host->raw_stage();
    args.stage_name = ToAbi("test");
    args.config = ToAbi(config);
    code_ = component_.create(&args, &instance_, Error());
  }
  ~Entered() {
    if (instance_ != nullptr) component_.destroy(instance_);
  }
  weir_code Process(const weir_batch* batch) {
    return component_.process(instance_, batch, Error());
  }
  weir_code code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  weir_error* Error() { return reinterpret_cast<weir_error*>(&message_); }

  const weir_component component_;
  void* instance_ = nullptr;
  std::string message_;
  weir_code code_;
};

std::vector<Record> Records(uint32_t count) {
  std::vector<Record> records(count, Record{});
  for (uint32_t i = 0; i < count; ++i) records[i].if_index = i;
  return records;
}

TEST(EntriesTest, CreateReportsWhatIsWrong) {
  FakeHost host;
  EXPECT_EQ(Entered(&host, "c").message(), "not like this");
  EXPECT_EQ(Entered(&host, "c").code(), WEIR_INVALID_ARGUMENT);
  EXPECT_EQ(Entered(&host, "").code(), WEIR_INTERNAL);
  EXPECT_EQ(Entered(&host, "x").code(), WEIR_OK);
}

TEST(EntriesTest, NoExceptionLeavesThePlugin) {
  FakeHost host;
  weir_batch* const batch = host.MakeBatch(Records(1));
  const auto process = [&](const char* mood) {
    Entered entered(&host, mood);
    const weir_code code = entered.Process(batch);
    return std::to_string(code) + " " + entered.message();
  };
  EXPECT_EQ(process("t"), "13 thrown");
  EXPECT_EQ(process("m"), "8 out of memory");
  EXPECT_EQ(process("i"), "13 threw something that is not a std::exception");
  EXPECT_EQ(process("a"), "15 from abseil");
  host.host()->batch_release(batch);
}

// Says what it was told to, then fails; tells its capabilities.
class Careful : public Moody {
 public:
  static constexpr uint64_t kCapabilities = 1 << 3;
  static constexpr uint64_t kPrepareCapabilities = 1 << 4;
  static Result<std::unique_ptr<Careful>> Create(const NoConfig&, Stage stage) {
    return std::make_unique<Careful>('x', std::move(stage));
  }
  using Moody::Moody;

  Status Diagnose(const Findings& findings) override {
    findings.Add({WEIR_FINDING_MISSING, "patience", "has an end"});
    throw std::runtime_error("at the end");
  }
  Status Prepare() override { return {WEIR_PERMISSION_DENIED, "not prepared"}; }
};

TEST(EntriesTest, WhatAComponentFindsAndFailsAtComesThrough) {
  FakeHost host;
  const weir_component component = Define<Careful>("careful", "For tests.");
  ASSERT_NE(component.capabilities, nullptr);
  EXPECT_EQ(*component.capabilities, uint64_t{1} << 3);
  EXPECT_EQ(component.prepare_capabilities, uint64_t{1} << 4);

  std::string message;
  auto* const error = reinterpret_cast<weir_error*>(&message);
  weir_create_args args{};
  args.struct_size = sizeof(args);
  args.host = host.host();
  args.stage = host.raw_stage();
  void* instance = nullptr;
  ASSERT_EQ(component.create(&args, &instance, error), WEIR_OK);
  std::vector<Finding> findings;
  EXPECT_EQ(component.diagnose(instance, reinterpret_cast<weir_findings*>(&findings), error),
            WEIR_INTERNAL);
  EXPECT_EQ(message, "at the end");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].severity, WEIR_FINDING_MISSING);
  EXPECT_EQ(findings[0].subject, "patience");
  EXPECT_EQ(findings[0].text, "has an end");
  EXPECT_EQ(component.prepare(instance, error), WEIR_PERMISSION_DENIED);
  EXPECT_EQ(message, "not prepared");
  component.destroy(instance);
}

TEST(EntriesTest, AComponentThatDoesNotTellItsCapabilitiesTellsNone) {
  const auto component = Define<Moody, OneByte>("moody", "For tests.");
  EXPECT_EQ(component.capabilities, nullptr);
  EXPECT_EQ(component.prepare_capabilities, 0u);
}

TEST(BatchWriterTest, EmitsFullBatchesAndTheRest) {
  FakeHost host;
  auto moody = testing::MakeComponent<Moody>(&host, OneByte{});
  ASSERT_TRUE(moody.ok());
  host.SetRowLayout({sizeof(Record) + 16, {}});  // of a newer host
  ASSERT_TRUE(host.Feed(moody->get(), Records(5)).ok());
  ASSERT_EQ(host.batches().size(), 3u);
  EXPECT_EQ(host.batches()[2].records.size(), 1u);
  const std::vector<Record> out = host.records();
  for (uint32_t i = 0; i < 5; ++i) EXPECT_EQ(out[i].if_index, i);
  host.ExpectBalanced();
}

TEST(BatchWriterTest, EmitsNoEmptyBatchAndLeaksNone) {
  FakeHost host;
  const Stage stage = host.MakeStage();
  BatchWriter writer(&stage);
  EXPECT_TRUE(writer.Flush().ok());
  ASSERT_NE(writer.Add(), nullptr);
  EXPECT_EQ(writer.pending(), 1u);
  EXPECT_TRUE(host.batches().empty());
}

TEST(BatchWriterTest, ReportsAHostThatTakesNoMore) {
  FakeHost host;
  const Stage stage = host.MakeStage();
  host.FailEmits(WEIR_CANCELLED);
  BatchWriter writer(&stage, 1);
  ASSERT_NE(writer.Add(), nullptr);
  EXPECT_EQ(writer.Add(), nullptr);
  EXPECT_EQ(writer.status().code(), WEIR_CANCELLED);
  host.FailAllocations(true);
  EXPECT_EQ(writer.Append(Record{}).code(), WEIR_RESOURCE_EXHAUSTED);
  EXPECT_EQ(host.dropped("pipeline_ended"), 1u);
}

TEST(StatusTest, TakesAbseilsStatusAndStatusOr) {
  const Status status = absl::NotFoundError("gone");
  EXPECT_EQ(status.code(), WEIR_NOT_FOUND);
  EXPECT_EQ(status.message(), "gone");
  Result<int> value = absl::StatusOr<int>(7);
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(*value, 7);
  const Result<int> error = absl::StatusOr<int>(absl::AbortedError("no"));
  EXPECT_EQ(error.status().code(), WEIR_ABORTED);
}

TEST(StatusTest, TellsPrivilegesAndFeaturesFromOtherErrors) {
  EXPECT_EQ(ErrnoStatus("open x", EACCES).message(), "open x: Permission denied");
  EXPECT_EQ(ErrnoStatus("", EPERM).code(), WEIR_PERMISSION_DENIED);
  EXPECT_EQ(ErrnoStatus("", EACCES).code(), WEIR_FAILED_PRECONDITION);
  EXPECT_EQ(ErrnoStatus("", EROFS).code(), WEIR_FAILED_PRECONDITION);
  EXPECT_EQ(ErrnoStatus("", EFBIG).code(), WEIR_RESOURCE_EXHAUSTED);
  for (int error = 1; error < 134; ++error) {
    const weir_code code = FileErrnoStatus("", error).code();
    EXPECT_TRUE(code != WEIR_PERMISSION_DENIED && code != WEIR_UNIMPLEMENTED) << error;
    EXPECT_NE(code, WEIR_OK) << error;
  }
  EXPECT_EQ(FileErrnoStatus("open x", EPERM).message(), "open x: Operation not permitted");
  EXPECT_EQ(FileErrnoStatus("", ENOSPC).code(), WEIR_RESOURCE_EXHAUSTED);
  EXPECT_NE(FileErrnoStatus("write x", EFBIG).message().find("ulimit -f"), std::string::npos);
  EXPECT_EQ(ErrnoStatus("", ENOSYS).code(), WEIR_UNIMPLEMENTED);
  EXPECT_EQ(ErrnoStatus("", EIO).code(), WEIR_UNKNOWN);
}

TEST(StageTest, SiblingsShareAnObjectUntilTheLastHasGone) {
  static int alive = 0;
  struct Counted {
    Counted() { ++alive; }
    ~Counted() { --alive; }
  };
  auto first = std::make_unique<FakeHost>("first");
  auto second = std::make_unique<FakeHost>("second", first.get());
  FakeHost stranger("stranger");
  Counted* const shared = first->MakeStage().Shared<Counted>("x");
  EXPECT_EQ(second->MakeStage().Shared<Counted>("x"), shared);
  EXPECT_NE(stranger.MakeStage().Shared<Counted>("x"), shared);
  EXPECT_EQ(alive, 2);
  first.reset();
  EXPECT_EQ(alive, 2);
  second.reset();
  EXPECT_EQ(alive, 1);
}

TEST(FakeHostTest, NoticesALeakedBatch) {
  EXPECT_NONFATAL_FAILURE(
      {
        FakeHost host;
        host.MakeBatch(Records(1));
      },
      "did not release all batches");
}

TEST(FakeHostTest, NoticesABatchReleasedTwice) {
  FakeHost host;
  weir_batch* const batch = host.MakeBatch(Records(1));
  host.host()->batch_release(batch);
  EXPECT_NONFATAL_FAILURE(host.host()->batch_release(batch), "released too often");
}

TEST(FakeHostTest, BlocksEmitsUntilTold) {
  FakeHost host;
  const Stage stage = host.MakeStage();
  host.BlockEmits();
  std::thread producer([&] {
    BatchWriter writer(&stage);
    writer.Add();
    EXPECT_TRUE(writer.Flush().ok());
  });
  host.WaitUntilEmitBlocks();
  EXPECT_TRUE(host.batches().empty());
  host.UnblockEmits();
  EXPECT_TRUE(host.WaitFor([&] { return host.counts().emitted == 1; }));
  producer.join();
}

TEST(FakeHostTest, RemembersWhatAStageSays) {
  FakeHost host;
  const Stage stage = host.MakeStage();
  stage.Log(WEIR_LOG_WARNING, "careful");
  stage.CountDropped("queue_full", 3);
  stage.CountMerged(2);
  stage.SetHeld(5);
  stage.RequestStop("enough");
  stage.Counter("weir_things_total", "Things.", "why").Add(4);
  EXPECT_TRUE(host.HasLog("careful"));
  EXPECT_NE(host.log()[0].file.find("sdk_test.cc"), std::string::npos);
  EXPECT_EQ(host.dropped("queue_full"), 3u);
  EXPECT_EQ(host.counts().merged, 2u);
  EXPECT_EQ(host.counts().held, 5u);
  EXPECT_EQ(host.stop_requests(), std::vector<std::string>{"enough"});
  EXPECT_EQ(host.metric("weir_things_total", "why"), 4);
  EXPECT_EQ(stage.Clocks().wall_ns, FakeHost::kWallNs);
  host.AdvanceClocks(10);
  EXPECT_EQ(stage.Clocks().monotonic_ns, FakeHost::kMonotonicNs + 10);
}

// What examples/third_party/sqlite_sink has, in small.
struct SmallConfig {
  std::string path;
  uint32_t limit = 10;
  int32_t level = 0;

  bool ParseFromArray(const void* data, int size) {
    ConfigReader reader(data, size);
    while (reader.Next()) {
      if (reader.field() == 1) reader.Read(&path);
      if (reader.field() == 2) reader.Read(&limit);
      if (reader.field() == 3) reader.Read(&level);
    }
    return reader.ok();
  }
};

TEST(ConfigReaderTest, ReadsFieldsAndPassesOverOthers) {
  // path: "/x", field 9: 300, level: -1, limit: 7, limit: 150
  const std::string wire(
      "\x0a\x02/x\x48\xac\x02\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
      "\x10\x07\x10\x96\x01",
      23);
  SmallConfig config;
  ASSERT_TRUE(config.ParseFromArray(wire.data(), static_cast<int>(wire.size())));
  EXPECT_EQ(config.path, "/x");
  EXPECT_EQ(config.limit, 150u);
  EXPECT_EQ(config.level, -1);
  SmallConfig empty;
  EXPECT_TRUE(empty.ParseFromArray(nullptr, 0));
  EXPECT_EQ(empty.limit, 10u);
}

struct NumbersConfig {
  double ratio = 0;
  float share = 0;
  int32_t offset = 0;
  int64_t far_offset = 0;
  uint32_t mask = 0;
  int64_t fixed = 0;

  bool ParseFromArray(const void* data, int size) {
    ConfigReader reader(data, size);
    while (reader.Next()) {
      if (reader.field() == 1) reader.Read(&ratio);
      if (reader.field() == 2) reader.Read(&share);
      if (reader.field() == 3) reader.ReadSigned(&offset);
      if (reader.field() == 4) reader.ReadSigned(&far_offset);
      if (reader.field() == 5) reader.ReadFixed(&mask);
      if (reader.field() == 6) reader.ReadFixed(&fixed);
    }
    return reader.ok();
  }
  bool Parse(const std::string& wire) {
    return ParseFromArray(wire.data(), static_cast<int>(wire.size()));
  }
};

TEST(ConfigReaderTest, ReadsFloatingSignedAndFixedNumbers) {
  NumbersConfig config;
  // ratio: -2.5, share: 0.5
  ASSERT_TRUE(config.Parse(std::string("\x09\0\0\0\0\0\0\x04\xc0\x15\0\0\0\x3f", 14)));
  EXPECT_EQ(config.ratio, -2.5);
  EXPECT_EQ(config.share, 0.5f);
  // offset: -3, far_offset: -2^63
  ASSERT_TRUE(config.Parse("\x18\x05\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
  EXPECT_EQ(config.offset, -3);
  EXPECT_EQ(config.far_offset, INT64_MIN);
  // offset: 2^31 - 1
  ASSERT_TRUE(config.Parse("\x18\xfe\xff\xff\xff\x0f"));
  EXPECT_EQ(config.offset, INT32_MAX);
  // mask: 0x01020304, fixed: -1
  ASSERT_TRUE(config.Parse("\x2d\x04\x03\x02\x01\x31\xff\xff\xff\xff\xff\xff\xff\xff"));
  EXPECT_EQ(config.mask, 0x01020304u);
  EXPECT_EQ(config.fixed, -1);
}

TEST(ConfigReaderTest, RefusesNumbersOfAnotherSize) {
  for (const std::string& wire :
       {std::string("\x08\x01"), std::string("\x0d\0\0\0\0", 5), std::string("\x10\x01"),
        std::string("\x1d\0\0\0\0", 5), std::string("\x29\0\0\0\0\0\0\0\0", 9),
        std::string("\x09\0\0\0\0\0\0\0", 8)}) {
    NumbersConfig config;
    EXPECT_FALSE(config.Parse(wire));
  }
}

TEST(DurationOptionTest, ReadsDurationsOfUpToADay) {
  EXPECT_EQ((*DurationOption("interval", "1m30.5s")).count(), 90'500'000'000);
  EXPECT_TRUE(DurationOption("interval", "24h").ok());
  for (const char* const text : {"", "5", "0s", "24h1ns", "-1s", "soon"}) {
    const Status status = DurationOption("interval", text).status();
    EXPECT_EQ(status.code(), WEIR_INVALID_ARGUMENT) << text;
    EXPECT_EQ(status.message(),
              std::string("interval: '") + text + "' is not a duration of 1ns to 24h");
  }
}

TEST(ConfigReaderTest, RefusesWhatIsNoMessageAndOtherTypes) {
  for (const std::string& wire :
       {std::string("\x0a\x7f/x"), std::string("\xff\xff"), std::string("\x08\x01"),
        std::string("\x12\x01x"), std::string("\x10\xff")}) {
    SmallConfig config;
    EXPECT_FALSE(config.ParseFromArray(wire.data(), static_cast<int>(wire.size())));
  }
}

TEST(DiagnosisTest, WhatFailsIsMissingWithItsError) {
  EXPECT_EQ(FindingOf(OkStatus(), "path", "can be read").severity, WEIR_FINDING_OK);
  const Finding missing = FindingOf({WEIR_NOT_FOUND, "open x: none"}, "path", "can be read");
  EXPECT_EQ(missing.severity, WEIR_FINDING_MISSING);
  EXPECT_EQ(missing.subject, "path");
  EXPECT_EQ(missing.text, "open x: none");
}

TEST(DiagnosisTest, ATableThatTakesMostOfTheMemoryIsDegraded) {
  EXPECT_GT(AvailableMemoryBytes(), 0u);
  EXPECT_EQ(TableMemory("max_flows", 1024, 64, 128 << 10).severity, WEIR_FINDING_OK);
  EXPECT_EQ(TableMemory("max_flows", 1024, 64, 0).severity, WEIR_FINDING_OK);
  const Finding tight = TableMemory("max_flows", 1024, 64, 100 << 10);
  EXPECT_EQ(tight.severity, WEIR_FINDING_DEGRADED);
  EXPECT_EQ(tight.text,
            "up to 64.0 KiB for max_flows 1024, and the machine has 100 KiB available: set a lower "
            "max_flows");
}

}  // namespace
}  // namespace weir::sdk
