// taskwatchd: runs the command given on the command line and returns its exit code. `run` is in
// app/app.cc.
#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>

#include "app/app.h"
#include "commands/flags.h"
#include "commands/query.h"
#include "core/types/exit_code.h"

namespace taskwatchd {
namespace {

struct Carry {
  int operator()(const RunOptions& options) const {
    umask(077);  // the state database must not be readable by others
    return run(options);
  }
  int operator()(const CheckOptions& options) const { return check(options); }
  int operator()(const AskOptions& options) const { return query(options); }
  int operator()(const WaitOptions& options) const { return taskwatchd::wait(options); }
  int operator()(const ExplainOptions& options) const { return explain(options); }
  int operator()(const PlanOptions& options) const { return plan_command(options); }
  int operator()(const StateOptions& options) const {
    umask(077);
    return state_command(options);
  }
  int operator()(const NotifyOptions& options) const { return notify_command(options); }
  int operator()(const MuteOptions& options) const { return mute_command(options); }
  int operator()(const FlagsEnd& end) const {
    std::FILE* const out = end.exit_code == kExitOk ? stdout : stderr;
    const bool printed = std::fputs(end.text.c_str(), out) >= 0 && std::fflush(out) == 0;
    return printed ? end.exit_code : kExitOther;
  }
};

// The kernel gives the lowest free descriptor to the next file or socket. If standard error were
// closed, the log would be written to a client or into the state database. Standard output is
// opened read-only, so that a command whose output is lost fails.
void open_missing_standard_files() {
  for (int number = 0; number <= STDERR_FILENO; ++number) {
    if (fcntl(number, F_GETFD) >= 0) continue;
    const int mode = number == STDERR_FILENO ? O_WRONLY : O_RDONLY;
    if (open("/dev/null", mode) != number) _exit(kExitOther);
  }
}

}  // namespace
}  // namespace taskwatchd

int main(int argc, char** argv) {
  taskwatchd::open_missing_standard_files();
  // A closed pipe is an error of that write and must not end the process.
  std::signal(SIGPIPE, SIG_IGN);
  // Credentials are in memory: no core dumps, and no other process of this user may read them.
  prctl(PR_SET_DUMPABLE, 0);
  // A shell's usual limit of 1,024 descriptors is meant for programs that use select().
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
    descriptors.rlim_cur = descriptors.rlim_max;
    setrlimit(RLIMIT_NOFILE, &descriptors);
  }
  // Buffers of metrics output are returned to the system once sent. Otherwise glibc would raise its
  // threshold after the first one and keep several megabytes for the next ones permanently.
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  // The threads besides the event loop allocate little: separate arenas would only waste memory.
  mallopt(M_ARENA_MAX, 1);
  try {
    return std::visit(taskwatchd::Carry(), taskwatchd::parse_flags({argv + 1, argv + argc}));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "taskwatchd: %s\n", error.what());
    return taskwatchd::kExitOther;
  }
}
