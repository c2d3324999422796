// taskwatchd: what the command line asks for, as an exit code. `run` is app/app.cc.
#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>
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
    umask(077);  // the state is nobody else's business
    return run(options);
  }
  int operator()(const CheckOptions& options) const { return check(options); }
  int operator()(const AskOptions& options) const { return query(options); }
  int operator()(const WaitOptions& options) const { return taskwatchd::wait(options); }
  int operator()(const ExplainOptions& options) const { return explain(options); }
  int operator()(const PlanOptions& options) const { return plan_command(options); }
  int operator()(const FlagsEnd& end) const {
    std::FILE* const out = end.exit_code == kExitOk ? stdout : stderr;
    const bool printed = std::fputs(end.text.c_str(), out) >= 0 && std::fflush(out) == 0;
    return printed ? end.exit_code : kExitOther;
  }
};

// The kernel gives the smallest free number to the next file or socket: where standard error is
// closed, the log would go to a client or into the state database. Standard output stays unfit for
// writing, so that a command whose answer nobody gets fails.
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
  // A reader who goes away is an error of that write, not the end of everything.
  std::signal(SIGPIPE, SIG_IGN);
  // Keys are in memory: no core file, and no other process of this user reads along.
  prctl(PR_SET_DUMPABLE, 0);
  // Pages of metrics go back to the system when they are sent. glibc would otherwise learn from the
  // first one to keep the next ones' room, some megabytes, for good.
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  // The threads beside the loop allocate little: heaps of their own would only hold memory.
  mallopt(M_ARENA_MAX, 1);
  try {
    return std::visit(taskwatchd::Carry(), taskwatchd::parse_flags({argv + 1, argv + argc}));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "taskwatchd: %s\n", error.what());
    return taskwatchd::kExitOther;
  }
}
