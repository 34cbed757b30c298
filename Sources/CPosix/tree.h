#pragma once
#include <sys/types.h>

// Milliseconds on CLOCK_BOOTTIME.
long long cposix_now(void);

// Sends a signal to every descendant of this process; returns how many there were.
int cposix_signal_descendants(int signal);

// Sends SIGKILL to every descendant of this process; returns how many there were. Once is not enough: those that were
// forked meanwhile are left.
int cposix_kill_descendants(void);

// Waits for every child that has ended; returns whether any child is left. `status` gets that of `agent`, and `agent` is
// set to 0, if it was among them.
int cposix_reap(pid_t *agent, int *status);
