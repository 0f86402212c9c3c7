// SPDX-License-Identifier: Apache-2.0
//
// protoc with the one generator that weir uses. Upstream's main() would pull in
// the generators of eight more languages and double what has to be compiled.
#include <google/protobuf/compiler/command_line_interface.h>
#include <google/protobuf/compiler/cpp/generator.h>

int main(int argc, char** argv) {
  google::protobuf::compiler::CommandLineInterface cli;
  google::protobuf::compiler::cpp::CppGenerator cpp_generator;
  cli.RegisterGenerator("--cpp_out", "--cpp_opt", &cpp_generator, "Generate C++.");
  return cli.Run(argc, argv);
}
