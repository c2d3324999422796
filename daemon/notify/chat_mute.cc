#include "notify/chat_mute.h"

#include <algorithm>
#include <iterator>

#include "core/events/event_fields.h"
#include "core/types/glob.h"

namespace taskwatchd {

bool covers_all(const Mute& mute) {
  return mute.account.empty() && mute.job.empty();
}

bool covers(const Mute& mute, const JobKey& job, const std::string& job_name) {
  if (!mute.account.empty() && mute.account != job.account) return false;
  return mute.job.empty() || glob_matches(mute.job, job.job_id) ||
         (!job_name.empty() && glob_matches(mute.job, job_name));
}

bool covers(const Mute& mute, const Event& event) {
  const JobKey job{std::string(text_field(event, "account")),
                   std::string(text_field(event, "job_id"))};
  if (job.job_id.empty() && !mute.job.empty()) return false;
  return covers(mute, job, std::string(text_field(event, "job_name")));
}

std::vector<Mute> mutes_of(const std::vector<Mute>& mutes, const std::string& sink) {
  std::vector<Mute> found;
  std::copy_if(mutes.begin(), mutes.end(), std::back_inserter(found),
               [&](const Mute& one) { return one.sink.empty() || one.sink == sink; });
  return found;
}

}  // namespace taskwatchd
