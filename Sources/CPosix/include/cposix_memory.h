#pragma once
#include <stddef.h>

// A close-on-exec descriptor of an unnamed file in memory (memfd_create(2)) that holds these bytes, at its beginning; -1 with
// errno set.
int cposix_memory_file(const void *bytes, size_t count);
