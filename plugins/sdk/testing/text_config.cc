// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/testing/text_config.h"

#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace weir::sdk::testing {

using google::protobuf::Message;
using google::protobuf::MessageLite;
using google::protobuf::TextFormat;

TextConfig::TextConfig(const unsigned char* descriptors, std::size_t size) {
  google::protobuf::FileDescriptorSet set;
  EXPECT_TRUE(set.ParseFromArray(descriptors, static_cast<int>(size)));
  for (const google::protobuf::FileDescriptorProto& file : set.file()) {
    EXPECT_NE(pool_.BuildFile(file), nullptr) << file.name();
  }
}

bool TextConfig::Parse(const std::string& text, MessageLite* config) {
  const std::unique_ptr<Message> message = New(*config);
  return message != nullptr && TextFormat::ParseFromString(text, message.get()) &&
         config->ParseFromString(message->SerializeAsString());
}

std::string TextConfig::Text(const MessageLite& config) {
  const std::unique_ptr<Message> message = New(config);
  if (message == nullptr) return "";
  EXPECT_TRUE(message->ParseFromString(config.SerializeAsString()));
  return message->DebugString();
}

std::unique_ptr<Message> TextConfig::New(const MessageLite& like) {
  const google::protobuf::Descriptor* const type = pool_.FindMessageTypeByName(like.GetTypeName());
  EXPECT_NE(type, nullptr) << like.GetTypeName();
  return std::unique_ptr<Message>(type == nullptr ? nullptr : factory_.GetPrototype(type)->New());
}

}  // namespace weir::sdk::testing
