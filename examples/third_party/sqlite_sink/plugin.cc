// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/plugin.h"

#include "config.h"
#include "sqlite_sink.h"
#include "weir_sink_sqlite.descriptors.h"

WEIR_PLUGIN("weir_sink_sqlite", "1.0",
            (weir::sdk::Define<flowdb::SqliteSink, flowdb::Config>(
                "sqlite", "Writes records to a SQLite database.", "flowdb.Sqlite",
                weir_sink_sqlite_descriptors, weir_sink_sqlite_descriptors_size)));
