#define _GNU_SOURCE
#include "cposix_events.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

int cposix_signals_open(const int *signals, int count) {
  sigset_t set;
  sigemptyset(&set);
  for (int i = 0; i < count; i++) {
    struct sigaction action;
    if (sigaction(signals[i], NULL, &action) != 0) return -1;
    if (signals[i] == SIGCHLD) {
      // Ignored, it would make every child vanish unwaited for.
      action = (struct sigaction){.sa_handler = SIG_DFL};
      if (sigaction(SIGCHLD, &action, NULL) != 0) return -1;
    }
    if (!(action.sa_flags & SA_SIGINFO) && action.sa_handler == SIG_IGN) continue;
    sigaddset(&set, signals[i]);
  }
  int error = pthread_sigmask(SIG_BLOCK, &set, NULL);
  if (error) {
    errno = error;
    return -1;
  }
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int cposix_signals_take(int fd, int *from_kernel) {
  struct signalfd_siginfo info;
  ssize_t count;
  do count = read(fd, &info, sizeof info);
  while (count < 0 && errno == EINTR);
  if (count != sizeof info) return 0;
  *from_kernel = info.ssi_code > 0;
  return (int)info.ssi_signo;
}

int cposix_timer_open(void) { return timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK); }

int cposix_timer_set(int fd, int64_t milliseconds) {
  struct itimerspec when = {0};
  if (milliseconds > 0) {
    when.it_value.tv_sec = milliseconds / 1000;
    when.it_value.tv_nsec = milliseconds % 1000 * 1000000;
  }
  return timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL);
}

const char *cposix_signal_name(int signal) { return sigabbrev_np(signal); }

int cposix_pipe(int *ends) { return pipe2(ends, O_CLOEXEC); }
