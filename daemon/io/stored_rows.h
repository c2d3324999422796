// Rows of a state database as values, written once for every database: Row has text(i), number(i),
// real(i), wall(i) and null(i) of the columns listed in stored_values.h. No I/O.
#pragma once

#include "core/events/event_text.h"
#include "core/types/distribution_json.h"
#include "core/types/names.h"
#include "io/stored_values.h"

namespace taskwatchd {

template <typename Row>
TaskRecord read_task_row(const Row& row) {
  TaskRecord r;
  r.key = {row.text(0), row.text(1)};
  r.instance = row.text(2);
  r.last.task_id = r.key.task_id;
  r.last.job_id = row.text(3);
  r.last.job_name = row.text(4);
  r.last.product_key = row.text(5);
  r.last.device_name = row.text(6);
  r.last.status = parse_task_status(row.text(7));
  r.last.status_text = row.text(8);
  if (!row.null(9)) r.last.progress = row.real(9);
  r.last.message = row.text(10);
  r.last.status_detail = row.text(11);
  r.last.modified = row.wall(12);
  r.last.queued = row.wall(13);
  r.attempt = static_cast<std::uint32_t>(row.number(14));
  r.first_seen = row.wall(15);
  r.last_seen = row.wall(16);
  if (!row.null(17)) r.started = row.wall(17);
  r.superseded = row.number(18) != 0;
  r.gone = row.number(19) != 0;
  return r;
}

template <typename Row>
JobRecord read_job_row(const Row& row) {
  JobRecord r;
  r.key = {row.text(0), row.text(1)};
  r.instance = row.text(2);
  r.last.job_id = r.key.job_id;
  r.last.job_name = row.text(3);
  r.last.type = row.text(4);
  r.last.status = parse_job_status(row.text(5));
  r.last.status_text = row.text(6);
  if (!row.null(7)) r.last.timeout = Duration(row.number(7));
  if (!row.null(8)) r.last.rollout_per_minute = row.real(8);
  if (!row.null(9)) r.last.scheduled = row.wall(9);
  r.last.created = row.wall(10);
  r.last.modified = row.wall(11);
  r.first_seen = row.wall(12);
  r.last_seen = row.wall(13);
  r.baselined = row.number(14) != 0;
  if (!row.null(15)) r.ended = row.wall(15);
  return r;
}

template <typename Row>
DistributionRecord read_distribution_row(const Row& row) {
  DistributionRecord r;
  r.key = {row.text(0), row.text(1)};
  // NULL: its status was never read.
  if (!row.null(2)) {
    r.last.distribution_id = r.key.distribution_id;
    r.last.status = parse_distribution_status(row.number(2));
  }
  r.last.status_text = row.text(3);
  r.last.product_key = row.text(4);
  r.last.source_instance = row.text(5);
  r.last.target_instances = parted_ids(row.text(6));
  if (!row.null(7)) r.last.total = static_cast<std::uint32_t>(row.number(7));
  if (!row.null(8)) r.last.created = row.wall(8);
  r.first_seen = row.wall(9);
  r.last_seen = row.wall(10);
  if (!row.null(11)) r.ended = row.wall(11);
  if (!row.null(12)) r.result_read = row.wall(12);
  // A result that cannot be parsed any more is fetched again.
  if (!row.null(13)) {
    auto result = result_from_json(row.text(13));
    if (result) r.result = std::make_shared<const DistributionResult>(*std::move(result));
  }
  if (!row.null(14)) r.fetch_begun = row.wall(14);
  r.refusals = static_cast<std::uint32_t>(row.number(15));
  return r;
}

template <typename Row>
SinkState read_sink_row(const Row& row) {
  SinkState state{row.text(0), static_cast<std::uint64_t>(row.number(1)), row.text(2), row.wall(3)};
  if (!row.null(4)) state.last_success = row.wall(4);
  return state;
}

template <typename Row>
Mute read_mute_row(const Row& row) {
  return {row.text(0), row.text(1), row.text(2), row.text(3),
          row.text(4), row.text(5), row.wall(6), row.wall(7)};
}

// An event whose body cannot be parsed any more keeps its position: sinks receive what the columns
// contain instead of waiting for it forever.
template <typename Row>
Event read_event_row(const Row& row) {
  Event event;
  if (auto read = event_from_json(row.text(6))) {
    event = std::move(*read);
  } else {
    event.ts = row.wall(1);
    event.name = row.text(2);
    event.level = find_in<Level>(kLevelNames, row.text(7)).value_or(Level::kError);
    event.msg = "cannot read the stored text of this event";
    event.fields = {{"account", row.text(3)}, {"job_id", row.text(4)}, {"task_id", row.text(5)}};
  }
  event.id = static_cast<std::uint64_t>(row.number(0));
  return event;
}

}  // namespace taskwatchd
