// Measures how long a program's event loop is held: the CPU time of the thread that calls
// epoll_wait between two such calls. Preloaded into the program (LD_PRELOAD); each SIGUSR2 appends
// one line to the file LOOP_TURNS, with the number of turns and the longest ones since the last
// line, in microseconds.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { kLongest = 8 };
static long turns, longest[kLongest];  // longest first
static __thread long began;
static volatile sig_atomic_t asked;

static long cpu_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void note(long us) {
  ++turns;
  for (int i = 0; i < kLongest; ++i) {
    if (us <= longest[i]) continue;
    for (int j = kLongest - 1; j > i; --j) longest[j] = longest[j - 1];
    longest[i] = us;
    return;
  }
}

static void report(void) {
  char line[512];
  int size = snprintf(line, sizeof line, "%ld", turns);
  for (int i = 0; i < kLongest; ++i) {
    size += snprintf(line + size, sizeof line - (size_t)size, " %ld", longest[i]);
    longest[i] = 0;
  }
  line[size++] = '\n';
  turns = 0;
  const int file = open(getenv("LOOP_TURNS"), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (file < 0) return;
  if (write(file, line, (size_t)size) < 0) asked = 0;
  close(file);
}

static void ask(int signal) {
  (void)signal;
  asked = 1;
}

int epoll_wait(int epoll, struct epoll_event* events, int most, int timeout) {
  static int (*real)(int, struct epoll_event*, int, int);
  if (!real) {
    real = (int (*)(int, struct epoll_event*, int, int))dlsym(RTLD_NEXT, "epoll_wait");
    signal(SIGUSR2, ask);
  }
  if (began != 0) note(cpu_us() - began);
  if (asked) {
    asked = 0;
    report();
  }
  const int result = real(epoll, events, most, timeout);
  began = cpu_us();
  return result;
}
