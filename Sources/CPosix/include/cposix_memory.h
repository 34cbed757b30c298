#pragma once

// Has the kernel write no core of this process and let nobody but root read its memory (PR_SET_DUMPABLE of prctl(2),
// RLIMIT_CORE of setrlimit(2)). Programs that it starts are dumpable again; the limit they inherit.
void cposix_keep_memory_private(void);
