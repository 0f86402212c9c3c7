// SPDX-License-Identifier: Apache-2.0
#include "sources/grpc/grpc_source.h"

#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/record/protobuf.h"
#include "core/record/testing/random_records.h"
#include "plugins/sdk/testing/fake_host.h"

namespace weir::sources {
namespace {

using ::testing::HasSubstr;

std::string MessageOf(const std::vector<Record>& records) {
  ProtobufOptions options;
  options.framing = ProtobufOptions::Framing::kEntry;
  options.agent_ip = IpAddr::FromV4(0x0A000001);
  const ProtobufEncoder encoder(options);
  std::string message(records.size() * ProtobufEncoder::kMaxRecordBytes, '\0');
  char* end = message.data();
  for (const Record& record : records) end = encoder.Write(record, end);
  message.resize(static_cast<size_t>(end - message.data()));
  return message;
}

std::vector<Record> Records(size_t count) {
  return weir::testing::RandomRecords(7).OfTraffic(static_cast<int>(count));
}

struct Answer {
  grpc::Status status;
  bool not_taken = false;
};

// A source that runs, and a sender.
class GrpcSourceTest : public ::testing::Test {
 protected:
  void StartSource() {
    if (config_.listen().empty()) config_.add_listen("127.0.0.1:0");
    auto made = sdk::testing::MakeComponent<GrpcSource>(&host_, config_);
    ASSERT_TRUE(made.ok()) << made.status().message();
    source_ = *std::move(made);
    const sdk::Status status = source_->Start();
    ASSERT_TRUE(status.ok()) << status.message();
    runner_ = std::thread([this] { run_status_ = source_->Run(); });
    channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(source_->port()),
                                   grpc::InsecureChannelCredentials());
  }
  void TearDown() override {
    if (source_ == nullptr) return;
    Interrupt();
    EXPECT_TRUE(source_->Stop().ok());
    host_.ExpectBalanced();
  }
  void Interrupt() {
    source_->Interrupt();
    if (runner_.joinable()) runner_.join();
  }

  Answer Send(const std::string& message, const char* method = "/pbflow.Collector/Send") {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    grpc::CompletionQueue queue;
    grpc::GenericStub stub(channel_);
    const grpc::Slice slice(message);
    auto reader = stub.PrepareUnaryCall(&context, method, grpc::ByteBuffer(&slice, 1), &queue);
    reader->StartCall();
    Answer answer;
    grpc::ByteBuffer response;
    reader->Finish(&response, &answer.status, this);
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok));
    answer.not_taken = context.GetServerTrailingMetadata().count("weir-not-taken") > 0;
    return answer;
  }

  Grpc config_;
  sdk::testing::FakeHost host_;
  std::unique_ptr<GrpcSource> source_;
  std::shared_ptr<grpc::Channel> channel_;
  std::thread runner_;
  sdk::Status run_status_;
};

TEST_F(GrpcSourceTest, AMessageIsAnsweredOnceItsRecordsHaveArrived) {
  StartSource();
  const std::vector<Record> sent = Records(3000);
  const Answer answer = Send(MessageOf(sent));
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
  const std::vector<Record> records = host_.records();
  ASSERT_EQ(records.size(), sent.size());
  for (size_t i = 0; i < sent.size(); ++i) {
    EXPECT_EQ(records[i].packets, sent[i].packets);
    EXPECT_EQ(records[i].start_wall_time_ns, sent[i].start_wall_time_ns);
    EXPECT_EQ(records[i].src_port, sent[i].src_port);
    EXPECT_EQ(SrcAddr(records[i]), SrcAddr(sent[i]));
    EXPECT_EQ(records[i].if_index, 0u);
  }
}

TEST_F(GrpcSourceTest, ASenderWaitsWhileThePipelineHoldsBack) {
  host_.BlockEmits();
  StartSource();
  std::atomic<bool> answered{false};
  std::thread sender([&] {
    EXPECT_TRUE(Send(MessageOf(Records(10))).status.ok());
    answered = true;
  });
  host_.WaitUntilEmitBlocks();
  EXPECT_FALSE(answered);
  host_.UnblockEmits();
  sender.join();
}

TEST_F(GrpcSourceTest, WhatIsMalformedIsRefusedWhole) {
  StartSource();
  const std::string good = MessageOf(Records(2000));
  for (const std::string& bad :
       {good.substr(0, good.size() - 1), good + "\x0A\x7F", good + "\x0A\x02\x08",
        std::string("\x08\x01\x0A"), good + std::string("\x0A\x03\x52\x01\xFF", 5)}) {
    const Answer answer = Send(bad);
    EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(answer.status.error_message(), HasSubstr("record "));
    EXPECT_TRUE(answer.not_taken);
  }
  EXPECT_TRUE(host_.records().empty());
  EXPECT_EQ(host_.metric("weir_grpc_refused_messages_total"), 5);
  // Unknown fields are skipped.
  EXPECT_TRUE(Send("\x10\x05" + good).status.ok());
  EXPECT_EQ(host_.records().size(), 2000u);
}

TEST_F(GrpcSourceTest, LimitsHold) {
  config_.set_max_message_bytes(100'000);
  config_.set_max_message_flows(100);
  StartSource();
  EXPECT_EQ(Send(std::string(200'000, '\0')).status.error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  const Answer answer = Send(MessageOf(Records(101)));
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(answer.status.error_message(), HasSubstr("more than 100 records"));
  EXPECT_EQ(Send("", "/pbflow.Other/Send").status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_TRUE(Send(MessageOf(Records(100))).status.ok());
}

TEST_F(GrpcSourceTest, MoreSendersThanMayAreToldToComeAgain) {
  config_.set_max_connections(1);
  host_.BlockEmits();
  StartSource();
  std::thread first([&] { EXPECT_TRUE(Send(MessageOf(Records(1))).status.ok()); });
  host_.WaitUntilEmitBlocks();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const std::shared_ptr<grpc::Channel> own = channel_;
  channel_ = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(source_->port()),
                                       grpc::InsecureChannelCredentials(), arguments);
  const Answer second = Send(MessageOf(Records(1)));
  EXPECT_EQ(second.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(second.not_taken);
  host_.UnblockEmits();
  first.join();
}

TEST_F(GrpcSourceTest, WhatCameIsAnsweredAtTheEndAndTheRestIsNotTaken) {
  host_.BlockEmits();
  StartSource();
  std::thread sender([&] { EXPECT_TRUE(Send(MessageOf(Records(10))).status.ok()); });
  host_.WaitUntilEmitBlocks();
  source_->Interrupt();
  const Answer late = Send(MessageOf(Records(5)));
  EXPECT_EQ(late.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(late.not_taken);
  host_.UnblockEmits();
  sender.join();
  Interrupt();
  EXPECT_TRUE(run_status_.ok());
  EXPECT_EQ(host_.records().size(), 10u);
}

TEST_F(GrpcSourceTest, RecordsThatWereLostOnTheWayAreNotAnsweredWell) {
  host_.FailDelivery();
  StartSource();
  const Answer answer = Send(MessageOf(Records(10)));
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_FALSE(answer.not_taken);
}

TEST_F(GrpcSourceTest, APortThatIsTakenIsAnErrorOfTheStart) {
  StartSource();
  Grpc config;
  config.add_listen("127.0.0.1:" + std::to_string(source_->port()));
  auto second = sdk::testing::MakeComponent<GrpcSource>(&host_, config);
  ASSERT_TRUE(second.ok());
  ::testing::internal::CaptureStderr();
  EXPECT_THAT((*second)->Start().message(), HasSubstr("listen at 127.0.0.1:"));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "") << "lines of the library";
  EXPECT_THAT((*second)->Start().message(), HasSubstr("Address already in use"));
  const std::vector<sdk::Finding> findings = host_.Diagnose(second->get());
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].severity, WEIR_FINDING_MISSING);
  EXPECT_EQ(findings[0].text, (*second)->Start().message());
}

TEST_F(GrpcSourceTest, DiagnosesWhereItListens) {
  const auto diagnose = [this](const char* listen) {
    Grpc config;
    config.add_listen(listen);
    auto source = sdk::testing::MakeComponent<GrpcSource>(&host_, config);
    return host_.Diagnose(source->get())[0];
  };
  EXPECT_EQ(diagnose("127.0.0.1:0").severity, WEIR_FINDING_OK);
  EXPECT_EQ(diagnose("0.0.0.0:0").severity, WEIR_FINDING_OK);
  const sdk::Finding foreign = diagnose("192.0.2.1:9999");  // TEST-NET-1, RFC 5737
  EXPECT_EQ(foreign.severity, WEIR_FINDING_MISSING);
  EXPECT_EQ(foreign.text, "listen at 192.0.2.1:9999: Cannot assign requested address");
}

// An entry of a message.
std::string Entry(const std::string& record) {
  return std::string("\x0A") + static_cast<char>(record.size()) + record;
}

// As netobserv agents send them: 0x100 in place of SYN and ACK, for example.
TEST_F(GrpcSourceTest, TcpFlagsOfAnAgentBecomeThoseOfIpfix) {
  StartSource();
  // Field 13: 0x310, 0x400.
  ASSERT_TRUE(Send(Entry("\x68\x90\x06") + Entry("\x68\x80\x08")).status.ok());
  const std::vector<Record> records = host_.records();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].tcp_flags, 0x13);
  EXPECT_EQ(records[0].tcp_flag_pairs, WEIR_TCP_SYN_ACK | WEIR_TCP_FIN_ACK);
  EXPECT_EQ(records[1].tcp_flags, 0x14);
  EXPECT_EQ(records[1].present, uint64_t{WEIR_HAS_TCP_FLAGS | WEIR_HAS_TCP_FLAG_PAIRS});
}

TEST_F(GrpcSourceTest, TcpFlagsStayAsTheyAreIfToldSo) {
  config_.set_tcp_flags(Grpc::IPFIX);
  StartSource();
  ASSERT_TRUE(Send(Entry("\x68\x90\x06")).status.ok());
  ASSERT_EQ(host_.records().size(), 1u);
  EXPECT_EQ(host_.records()[0].tcp_flags, 0x310);
}

TEST_F(GrpcSourceTest, TakesMessagesOfFiveMegabytesByDefault) {
  StartSource();
  std::string message;
  const std::string one = MessageOf(Records(1000));
  while (message.size() < 5'000'000) message += one;
  EXPECT_TRUE(Send(message).status.ok());
  EXPECT_EQ(host_.records().size(), message.size() / one.size() * 1000);
}

TEST_F(GrpcSourceTest, WhatIsRefusedIsLoggedWithItsSenderAndReason) {
  StartSource();
  EXPECT_EQ(Send(Entry("\x10\x02")).status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(host_.HasLog("refused a message of ipv4:127.0.0.1:"));
  EXPECT_TRUE(host_.HasLog("record 0: a direction is neither INGRESS nor EGRESS"));
}

// Field 17: packets that the agent's drop tracer saw.
TEST_F(GrpcSourceTest, RecordsOfDropsAloneAreCountedAndLeftOut) {
  StartSource();
  ASSERT_TRUE(Send(Entry("\x88\x01\x03") + Entry("\x48\x02\x88\x01\x01")).status.ok());
  const std::vector<Record> records = host_.records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].packets, 2u);
  EXPECT_EQ(host_.dropped("only_drops"), 1u);
  EXPECT_EQ(host_.metric("weir_grpc_unrepresented_fields_total", "drops"), 2);
}

TEST_F(GrpcSourceTest, KeepsTheAgentOfEachRecord) {
  StartSource();
  ASSERT_TRUE(Send(MessageOf(Records(1))).status.ok());
  ASSERT_EQ(host_.records().size(), 1u);
  EXPECT_EQ(AgentIp(host_.records()[0]).String(), "10.0.0.1");
}

TEST_F(GrpcSourceTest, AKeyThatIsNoneIsRefusedAtStart) {
  Grpc config;
  config.add_listen("127.0.0.1:0");
  const std::string empty = ::testing::TempDir() + "empty.pem";
  std::ofstream file(empty);
  config.mutable_tls()->set_cert_file(empty);
  config.mutable_tls()->set_key_file(empty);
  auto made = sdk::testing::MakeComponent<GrpcSource>(&host_, config);
  ASSERT_TRUE(made.ok());
  EXPECT_THAT((*made)->Start().message(),
              HasSubstr("tls.cert_file: read " + empty + ": it is empty"));
  const std::vector<sdk::Finding> findings = host_.Diagnose(made->get());
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[1].severity, WEIR_FINDING_MISSING);
  EXPECT_EQ(findings[1].subject, "tls");
  EXPECT_EQ(findings[1].text, (*made)->Start().message());
}

class GrpcSourceTlsTest : public GrpcSourceTest {
 protected:
  void SetUp() override {
    for (const std::string name : {"one", "other"}) {
      const std::string make = "cd " + folder_ + " && openssl req -x509 -newkey rsa:2048 -nodes " +
                               "-days 2 -subj /CN=" + name + " -keyout " + name + ".key -out " +
                               name + ".pem 2>/dev/null";
      ASSERT_EQ(std::system(make.c_str()), 0) << make << " (Debian's package openssl)";
    }
    config_.add_listen("127.0.0.1:0");
    config_.mutable_tls()->set_cert_file(folder_ + "/one.pem");
    config_.mutable_tls()->set_key_file(folder_ + "/one.key");
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(folder_ + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // With `certificate` as its own, if it is not empty.
  void ConnectWithTls(const std::string& certificate) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = Read("one.pem");
    if (!certificate.empty()) {
      options.pem_cert_chain = Read(certificate + ".pem");
      options.pem_private_key = Read(certificate + ".key");
    }
    grpc::ChannelArguments arguments;
    arguments.SetSslTargetNameOverride("one");
    channel_ = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(source_->port()),
                                         grpc::SslCredentials(options), arguments);
  }

  const std::string folder_ = ::testing::TempDir();
};

TEST_F(GrpcSourceTlsTest, ASenderWithoutTlsIsLogged) {
  StartSource();
  EXPECT_EQ(Send(MessageOf(Records(5))).status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(host_.WaitFor([&] { return host_.HasLog("The sender probably does not use TLS."); }));
}

TEST_F(GrpcSourceTlsTest, ASenderWithoutACertificateIsLogged) {
  config_.mutable_tls()->set_client_ca_file(folder_ + "/other.pem");
  StartSource();
  ConnectWithTls("");
  EXPECT_EQ(Send(MessageOf(Records(5))).status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(host_.WaitFor([&] {
    return host_.HasLog("The sender has no certificate, which tls.client_ca_file requires.");
  }));
}

TEST_F(GrpcSourceTlsTest, ASenderWithACertificateOfAnotherAuthorityIsLogged) {
  config_.mutable_tls()->set_client_ca_file(folder_ + "/other.pem");
  StartSource();
  ConnectWithTls("one");
  EXPECT_EQ(Send(MessageOf(Records(5))).status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(host_.WaitFor([&] {
    return host_.HasLog(
        "The sender's certificate is not signed by an authority in "
        "tls.client_ca_file.");
  }));
}

// Both files are valid, but the key belongs to another certificate.
TEST_F(GrpcSourceTlsTest, AKeyOfAnotherCertificateIsRefusedAtStart) {
  auto good = sdk::testing::MakeComponent<GrpcSource>(&host_, config_);
  EXPECT_EQ(host_.Diagnose(good->get())[1].severity, WEIR_FINDING_OK);
  config_.mutable_tls()->set_key_file(folder_ + "/other.key");
  auto made = sdk::testing::MakeComponent<GrpcSource>(&host_, config_);
  const std::string error = (*made)->Start().message();
  EXPECT_THAT(error, HasSubstr("cert_file and key_file do not belong together"));
  const std::vector<sdk::Finding> findings = host_.Diagnose(made->get());
  EXPECT_EQ(findings[1].severity, WEIR_FINDING_MISSING);
  EXPECT_EQ(findings[1].text, error);
}

}  // namespace
}  // namespace weir::sources
