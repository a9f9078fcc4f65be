// The table of all connectors: the only place that names them. A new one is a file of its own and a
// row here.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/connector.h"
#include "decode/decoder.h"

namespace turntable {

[[nodiscard]] std::span<const SourceConnector* const> source_connectors();
[[nodiscard]] std::span<const SinkConnector* const> sink_connectors();

// Nothing where there is none of that name.
[[nodiscard]] const SourceConnector* find_source_connector(std::string_view name);
[[nodiscard]] const SinkConnector* find_sink_connector(std::string_view name);

// For faults and the expected values of options, in the tables' order.
[[nodiscard]] std::vector<std::string> source_connector_names();
[[nodiscard]] std::vector<std::string> sink_connector_names();

// Why this pipeline is read and written by one lane only; empty where it can have many.
[[nodiscard]] std::string why_one_lane(const Pipeline& pipeline);

[[nodiscard]] Result<std::unique_ptr<Decoder>> make_decoder(const SourceSpec& source);

// Finds the topic of a source that has one, and says as which group it is read, and who else is in
// it. Waits for it, but for a run to the end. To be called before anything is made for the run: the
// topic's name may be a typing error.
[[nodiscard]] Result<SourceTopic> find_source_topic(const SourceSpec& source, bool until_end,
                                                    const StopToken& stop, const Clock& clock);

// Says that a `start` on the command line counts for nothing, and how to read again, where the
// group has commits or a sink keeps positions.
void say_where_start_counts_not(const SourceSpec& source, const SourceTopic& topic,
                                std::span<const std::unique_ptr<Sink>> sinks);

// Joins the group or opens the file.
[[nodiscard]] Result<std::unique_ptr<Source>> open_source(const SourceOpening& opening);

// Whether a source that is a file can be read, and dead letters that are one be written.
[[nodiscard]] Status check_files(const SourceSpec& source);

// Where rows go, one sink for each store, in their order. Each is connected with once; one that is
// away is waited for. `positions`: whose positions a store is to keep beside its rows. It does so
// only where it is alone: of two stores, neither could keep a position in the transaction that makes
// it true in the other, so that they are with the source.
[[nodiscard]] Result<std::vector<std::unique_ptr<Sink>>> open_sinks(const Pipeline& pipeline,
                                                                    const PositionsOf& positions,
                                                                    const StopToken& stop,
                                                                    Output& console,
                                                                    bool check_tables);

// Whose positions the stores of a run may keep.
[[nodiscard]] PositionsOf positions_of(const SourceSpec& source);

// Of a pipeline with several stores: the positions that some have from a time when they were its
// only one. Nothing behind them is known to be in that store, wherever the group's commits are.
[[nodiscard]] Result<std::map<PartitionId, Position>> positions_of_stores(const Pipeline& pipeline);
// Deletes them: the group's commits have taken their place.
[[nodiscard]] Status forget_positions_of_stores(const Pipeline& pipeline);

}  // namespace turntable
