#pragma once

// Blocks these signals for the calling thread (and the threads it starts) and returns a descriptor from which they are
// read as events: non-blocking, closed on exec; -1 with errno set. Call it before any thread is started.
int cposix_signal_descriptor(const int *signals, int count);

// The next signal that came, 0 if there is none.
int cposix_next_signal(int descriptor);

// Dies by this signal, as if nothing had caught it. Returns only if the signal doesn't end a process.
void cposix_die_by_signal(int signal);
