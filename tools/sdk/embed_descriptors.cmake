# SPDX-License-Identifier: Apache-2.0
# cmake -Dname=NAME -Dset=FILE -Dout=PATH -P embed_descriptors.cmake
# Writes PATH.h and PATH.cc, which define NAME_descriptors (the bytes of FILE) and
# NAME_descriptors_size.
file(READ "${set}" bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE "${out}.h" "#ifndef ${name}_DESCRIPTORS_H_
#define ${name}_DESCRIPTORS_H_

#include <stddef.h>
#include <stdint.h>

extern const uint8_t ${name}_descriptors[];
extern const size_t ${name}_descriptors_size;

#endif
")
file(WRITE "${out}.cc" "#include \"${name}.descriptors.h\"

const uint8_t ${name}_descriptors[] = {${bytes}};
const size_t ${name}_descriptors_size = sizeof(${name}_descriptors);
")
