// SPDX-License-Identifier: Apache-2.0
// Reads and prints configurations as text, for tests of components whose messages have no
// reflection (lite = True in plugins/proto.bzl). Uses the descriptors that the plugin gives to the
// host.
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
  // `descriptors` is a serialized google.protobuf.FileDescriptorSet of `size` bytes, as
  // weir_proto_library embeds it; it is read here. Fails the running test if it is not valid.
  TextConfig(const unsigned char* descriptors, std::size_t size);

  // Parses `text`, protobuf's text form, into `config`. Returns false if `text` is wrong; the log
  // says where.
  bool Parse(const std::string& text, google::protobuf::MessageLite* config);
  // Returns `config` in protobuf's text form.
  std::string Text(const google::protobuf::MessageLite& config);

 private:
  // Returns a message of the type of `like`. Returns null and fails the running test if the
  // descriptors do not contain that type.
  std::unique_ptr<google::protobuf::Message> New(const google::protobuf::MessageLite& like);

  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_;
};

}  // namespace weir::sdk::testing

#endif  // WEIR_PLUGINS_SDK_TESTING_TEXT_CONFIG_H_
