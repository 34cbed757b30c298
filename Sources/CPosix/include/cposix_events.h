#pragma once
#include <stdint.h>

// Blocks the signals in the calling thread (and in threads it makes from then on) and returns a non-blocking,
// close-on-exec descriptor on which they arrive, or -1 with errno set. A signal that is ignored when this is called stays
// so (nohup), save SIGCHLD, which is set to its default.
int cposix_signals_open(const int *signals, int count);

// Takes one signal that has arrived: its number, 0 if there is none. `from_kernel` says whether the kernel sent it, as it
// does for a key on the terminal (to the whole foreground group), and not kill(2).
int cposix_signals_take(int fd, int *from_kernel);

// A close-on-exec timer on CLOCK_BOOTTIME, which unlike poll's time-out counts sleep; readable when it has expired.
int cposix_timer_open(void);

// Sets the timer to a time in milliseconds on CLOCK_BOOTTIME; 0 or less stops it.
int cposix_timer_set(int fd, int64_t milliseconds);

// The signal's name without SIG, NULL if it has none.
const char *cposix_signal_name(int signal);

// A pipe whose ends are close-on-exec: ends[0] is read.
int cposix_pipe(int *ends);
