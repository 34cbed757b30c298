#pragma once
#include <sys/types.h>

// Milliseconds on CLOCK_BOOTTIME.
long long cposix_now(void);

// Sends a signal to every descendant of this process; returns how many there were.
int cposix_signal_descendants(int signal);

// Sends SIGKILL to every descendant of this process; returns how many there were. Once is not enough: those that were
// forked meanwhile are left.
int cposix_kill_descendants(void);

enum cposix_left { cposix_none_left = 0, cposix_some_live, cposix_more_ended };

// Waits for the children that have ended and returns what is left; with `cposix_more_ended` there may be more to wait for
// at once. `status` gets that of `agent`, and `agent` is set to 0, if it was among them.
enum cposix_left cposix_reap(pid_t *agent, int *status);
