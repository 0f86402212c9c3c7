// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/plugin.h"

#include "sinks/file/file.descriptors.h"
#include "sinks/file/file.pb.h"
#include "sinks/file/file_sink.h"

WEIR_PLUGIN("weir_sink_file", "0.1.0",
            (weir::sdk::Define<weir::sinks::FileSink, weir::sinks::File>(
                "file", "Writes records to files, with rotation and compression.",
                "weir.sinks.File", weir::kSinksFileFileDescriptors,
                weir::kSinksFileFileDescriptorsSize)));
