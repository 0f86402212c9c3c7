// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "sinks/grpc/grpc_sink_fixture.h"

namespace weir::sinks {
namespace {

using ::testing::HasSubstr;

// Certificates for the server and for a client, from an authority of their own.
class GrpcSinkTlsTest : public GrpcSinkTest {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir();
    Run("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key "
        "-out ca.pem");
    Run("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=stranger -keyout stranger.key "
        "-out stranger.pem");
    for (const char* const name : {"server", "client"}) {
      const std::string file = name;
      std::ofstream(folder_ + "/" + file + ".ext") << "subjectAltName=DNS:collector.example\n";
      Run("openssl req -newkey rsa:2048 -nodes -subj /CN=" + file + " -keyout " + file +
          ".key -out " + file + ".csr");
      Run("openssl x509 -req -days 2 -in " + file + ".csr -CA ca.pem -CAkey ca.key " +
          "-CAcreateserial -extfile " + file + ".ext -out " + file + ".pem");
    }
    GrpcTls* const tls = config_.mutable_tls();
    tls->set_ca_file(folder_ + "/ca.pem");
    tls->set_server_name("collector.example");
  }
  void Run(const std::string& command) {
    ASSERT_EQ(std::system(("cd " + folder_ + " && " + command + " 2>/dev/null").c_str()), 0)
        << command << " (Debian's package openssl)";
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(folder_ + "/" + name);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  void StartCollector(bool mutual) {
    grpc::SslServerCredentialsOptions options(
        mutual ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
               : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
    options.pem_root_certs = Read("ca.pem");
    options.pem_key_cert_pairs.push_back({Read("server.key"), Read("server.pem")});
    collector_.Start(0, grpc::SslServerCredentials(options));
  }

  std::string folder_;
};

TEST_F(GrpcSinkTlsTest, SpeaksTls) {
  StartCollector(false);
  StartSink();
  Feed(100);
  Flush();
  EXPECT_EQ(collector_.records().size(), 100u);
}

TEST_F(GrpcSinkTlsTest, ShowsItsCertificate) {
  StartCollector(true);
  config_.mutable_tls()->set_cert_file(folder_ + "/client.pem");
  config_.mutable_tls()->set_key_file(folder_ + "/client.key");
  StartSink();
  Feed(100);
  Flush();
  EXPECT_EQ(collector_.records().size(), 100u);
}

TEST_F(GrpcSinkTlsTest, ACollectorOfAnotherNameGetsNothing) {
  StartCollector(false);
  config_.mutable_tls()->set_server_name("another.example");
  ::testing::internal::CaptureStderr();
  StartSink();
  Feed(100);
  const bool waits = host_.WaitFor([&] { return host_.HasLog("takes no records; they wait"); });
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "") << "lines of the library";
  ASSERT_TRUE(waits);
  sink_->Interrupt();
  EXPECT_EQ(collector_.calls(), 0u);
}

// The sink says what the collector probably wants.
TEST_F(GrpcSinkTlsTest, AConnectionThatFailsNamesTheFieldToChange) {
  const auto fails_with = [this](const std::string& hint) {
    StartSink();
    Feed(100);
    EXPECT_TRUE(host_.WaitFor([&] { return host_.HasLog(hint); })) << hint;
    sink_->Interrupt();
    EXPECT_FALSE(sink_->Flush().ok());
    EXPECT_TRUE(sink_->Stop().ok());
    sink_.reset();
    EXPECT_EQ(collector_.calls(), 0u);
  };
  StartCollector(true);
  fails_with("the collector probably requires a client certificate: set tls.cert_file");
  config_.mutable_tls()->set_cert_file(folder_ + "/stranger.pem");
  config_.mutable_tls()->set_key_file(folder_ + "/stranger.key");
  fails_with("the collector probably does not trust the certificate in ");
  config_.mutable_tls()->set_ca_file(folder_ + "/stranger.pem");
  fails_with("the collector's certificate is not signed by an authority in ");
  config_.mutable_tls()->set_ca_file(folder_ + "/ca.pem");
  config_.mutable_tls()->set_server_name("another.example");
  fails_with("set tls.server_name to a name in the certificate");
  config_.clear_tls();
  fails_with("the collector probably requires TLS: set `tls`");
}

TEST_F(GrpcSinkTlsTest, ACollectorWithoutTlsIsNamed) {
  collector_.Start();
  StartSink();
  Feed(100);
  EXPECT_TRUE(host_.WaitFor([&] { return host_.HasLog("does not speak TLS at this port"); }));
  sink_->Interrupt();
  EXPECT_EQ(collector_.calls(), 0u);
}

TEST_F(GrpcSinkTlsTest, AKeyOfAnotherCertificateIsNamed) {
  StartCollector(false);
  config_.mutable_tls()->set_cert_file(folder_ + "/client.pem");
  config_.mutable_tls()->set_key_file(folder_ + "/stranger.key");
  StartSink();
  Feed(100);
  EXPECT_TRUE(host_.WaitFor(
      [&] { return host_.HasLog("tls.key_file probably does not belong to tls.cert_file"); }));
  sink_->Interrupt();
}

TEST_F(GrpcSinkTlsTest, DiagnosesCertificatesAndTheAddressOfTheAgent) {
  config_.add_target("127.0.0.1:9999");
  MakeSink();
  std::vector<sdk::Finding> findings = host_.Diagnose(sink_.get());
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].severity, WEIR_FINDING_OK);
  EXPECT_EQ(findings[0].text, "192.0.2.7");
  EXPECT_EQ(findings[1].severity, WEIR_FINDING_OK);
  config_.set_agent_ip("no-such-link");
  config_.mutable_tls()->set_ca_file(folder_ + "/client.key");
  MakeSink();
  findings = host_.Diagnose(sink_.get());
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].severity, WEIR_FINDING_MISSING);
  EXPECT_EQ(findings[0].text, sink_->Start().message());
  EXPECT_EQ(findings[1].severity, WEIR_FINDING_MISSING);
  EXPECT_THAT(findings[1].text, HasSubstr("client.key has no certificate in PEM"));
}

TEST_F(GrpcSinkTlsTest, AFileThatIsNotThereIsNamed) {
  config_.add_target("127.0.0.1:9999");
  config_.mutable_tls()->set_ca_file("/nowhere/ca.pem");
  MakeSink();
  EXPECT_EQ(host_.Diagnose(sink_.get())[1].severity, WEIR_FINDING_MISSING);
  const sdk::Status status = sink_->Start();
  EXPECT_THAT(status.message(), HasSubstr("tls.ca_file: read /nowhere/ca.pem: No such file"));
}

TEST_F(GrpcSinkTlsTest, FilesThatAreNoCertificateOrKeyAreRefusedAtStart) {
  config_.add_target("127.0.0.1:9999");
  config_.mutable_tls()->set_ca_file(folder_ + "/client.key");
  MakeSink();
  EXPECT_THAT(sink_->Start().message(), HasSubstr("client.key has no certificate in PEM"));
  config_.mutable_tls()->set_ca_file(folder_ + "/ca.pem");
  config_.mutable_tls()->set_cert_file(folder_ + "/client.pem");
  config_.mutable_tls()->set_key_file(folder_ + "/client.pem");
  MakeSink();
  EXPECT_THAT(sink_->Start().message(), HasSubstr("client.pem has no private key in PEM"));
}

}  // namespace
}  // namespace weir::sinks
