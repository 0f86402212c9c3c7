# SPDX-License-Identifier: Apache-2.0
# find_package(weir) for plugins of weir:
#
#   weir::plugin_abi    the C header plugins/abi/weir_plugin.h
#   weir::sdk           the C++ headers on top of it, and the flow model; C++17
#   weir::fake_host     plugins/sdk/testing/fake_host.h, for unit tests; compiles its source into
#                       your test, which also links GoogleTest (GTest::gtest_main)
#   weir_add_plugin()   makes a plugin file, see below
#   weir_PLUGIN_DIR     the folder in which weir looks for plugins
#
# All paths are relative to this file, so the installed tree may be moved.

get_filename_component(_weir_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(weir_INCLUDE_DIR "${_weir_prefix}/include/weir")
set(weir_PLUGIN_DIR "${_weir_prefix}/lib/weir/plugins")
set(weir_EXPORT_MAP "${_weir_prefix}/lib/weir/sdk/exports.map")
set(weir_FAKE_HOST_SOURCE "${_weir_prefix}/lib/weir/sdk/fake_host.cc")
set(weir_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/embed_descriptors.cmake")
unset(_weir_prefix)

if(NOT TARGET weir::plugin_abi)
  add_library(weir::plugin_abi INTERFACE IMPORTED)
  set_target_properties(weir::plugin_abi PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${weir_INCLUDE_DIR}")
  add_library(weir::sdk INTERFACE IMPORTED)
  set_target_properties(weir::sdk PROPERTIES
    INTERFACE_LINK_LIBRARIES weir::plugin_abi
    INTERFACE_COMPILE_FEATURES cxx_std_17)
  add_library(weir::fake_host INTERFACE IMPORTED)
  set_target_properties(weir::fake_host PROPERTIES
    INTERFACE_LINK_LIBRARIES weir::sdk
    INTERFACE_SOURCES "${weir_FAKE_HOST_SOURCE}")
endif()

# weir_add_plugin(NAME SOURCES FILE... [PROTO FILE.proto])
#
# Makes NAME.so, which exports only weir_plugin_main. With PROTO, also compiles in the descriptors
# of that file and its imports (plugins/sdk/config_rules.proto is found), by which the host checks
# configurations: NAME_descriptors and NAME_descriptors_size of "NAME.descriptors.h". Needs protoc,
# but no protobuf library.
function(weir_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 weir "" "PROTO" "SOURCES")
  if(weir_UNPARSED_ARGUMENTS OR NOT weir_SOURCES)
    message(FATAL_ERROR "weir_add_plugin(NAME SOURCES FILE... [PROTO FILE.proto])")
  endif()
  add_library(${name} MODULE ${weir_SOURCES})
  set_target_properties(${name} PROPERTIES
    PREFIX ""
    SUFFIX ".so"
    C_VISIBILITY_PRESET hidden
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS "${weir_EXPORT_MAP}")
  target_link_libraries(${name} PRIVATE weir::sdk)
  target_link_options(${name} PRIVATE
    "LINKER:--version-script=${weir_EXPORT_MAP}" "LINKER:-z,defs" "LINKER:-z,relro,-z,now")
  if(NOT weir_PROTO)
    return()
  endif()

  find_program(weir_PROTOC protoc)
  if(NOT weir_PROTOC)
    message(FATAL_ERROR "weir_add_plugin: PROTO needs protoc: install it (Debian package protobuf-compiler)")
  endif()
  get_filename_component(proto "${weir_PROTO}" ABSOLUTE)
  get_filename_component(folder "${proto}" DIRECTORY)
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/${name}_descriptors")
  set(set_file "${generated}/${name}.descriptors")
  add_custom_command(
    OUTPUT "${generated}/${name}.descriptors.h" "${generated}/${name}.descriptors.cc"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${generated}"
    COMMAND "${weir_PROTOC}" --include_imports --include_source_info
            "--descriptor_set_out=${set_file}" "--proto_path=${folder}"
            "--proto_path=${weir_INCLUDE_DIR}" "${proto}"
    COMMAND "${CMAKE_COMMAND}" "-Dname=${name}" "-Dset=${set_file}"
            "-Dout=${generated}/${name}.descriptors" -P "${weir_EMBED_SCRIPT}"
    DEPENDS "${proto}" "${weir_EMBED_SCRIPT}"
    VERBATIM)
  target_sources(${name} PRIVATE "${generated}/${name}.descriptors.cc")
  target_include_directories(${name} PRIVATE "${generated}")
endfunction()
