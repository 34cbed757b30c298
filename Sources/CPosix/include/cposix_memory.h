#pragma once
#include <stddef.h>

// Has the kernel write no core of this process and let nobody but root read its memory (PR_SET_DUMPABLE of prctl(2)).
// Programs that it starts are dumpable again.
void cposix_keep_memory_private(void);

// Sets the limit of cores to 0, for this process and what it starts (RLIMIT_CORE of setrlimit(2)).
void cposix_forbid_cores(void);

// A close-on-exec descriptor of an unnamed file in memory (memfd_create(2)) that holds these bytes, at its beginning; -1 with
// errno set.
int cposix_memory_file(const void *bytes, size_t count);
