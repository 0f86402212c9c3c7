// SPDX-License-Identifier: Apache-2.0
// Configurations as text, for tests of components whose messages have no reflection
// (lite = True in plugins/proto.bzl): by the descriptors that the plugin hands to the host.
#ifndef WEIR_PLUGINS_SDK_TESTING_TEXT_CONFIG_H_
#define WEIR_PLUGINS_SDK_TESTING_TEXT_CONFIG_H_

#include <cstddef>
#include <memory>
#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"
#include "google/protobuf/message_lite.h"

namespace weir::sdk::testing {

// One thread.
class TextConfig {
 public:
  // A serialized google.protobuf.FileDescriptorSet of `size` bytes, as the macro embeds it,
  // read here. The running test fails if it is none.
  TextConfig(const unsigned char* descriptors, std::size_t size);

  // Protobuf's text form of the message that `config` is. False: `text` is none, and the log
  // says where.
  bool Parse(const std::string& text, google::protobuf::MessageLite* config);
  std::string Text(const google::protobuf::MessageLite& config);

 private:
  // Null, and the running test fails, if the descriptors do not have it.
  std::unique_ptr<google::protobuf::Message> New(const google::protobuf::MessageLite& like);

  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_;
};

}  // namespace weir::sdk::testing

#endif  // WEIR_PLUGINS_SDK_TESTING_TEXT_CONFIG_H_
