// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/plugin.h"

#include "sinks/stdout/stdout.descriptors.h"
#include "sinks/stdout/stdout.pb.h"
#include "sinks/stdout/stdout_sink.h"

WEIR_PLUGIN("weir_sink_stdout", "0.1.0",
            (weir::sdk::Define<weir::sinks::StdoutSink, weir::sinks::Stdout>(
                "stdout", "Writes records to standard output, as JSON, CSV or a table.",
                "weir.sinks.Stdout", weir::kSinksStdoutStdoutDescriptors,
                weir::kSinksStdoutStdoutDescriptorsSize)));
