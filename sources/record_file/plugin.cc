// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/plugin.h"

#include "sources/record_file/record_file.descriptors.h"
#include "sources/record_file/record_file.h"
#include "sources/record_file/record_file.pb.h"

WEIR_PLUGIN("weir_source_record_file", "0.1.0",
            (weir::sdk::Define<weir::sources::RecordFileSource, weir::sources::RecordFile>(
                "record_file", "Reads recorded flow records from a file or a pipe.",
                "weir.sources.RecordFile", weir::kSourcesRecordFileRecordFileDescriptors,
                weir::kSourcesRecordFileRecordFileDescriptorsSize)));
