#pragma once
#include <stddef.h>

/// A file of the web page.
struct cpage_file {
  const char *name;
  /// Its media type.
  const char *type;
  const unsigned char *bytes;
  size_t count;
};

extern const struct cpage_file *const cpage_files;
extern const size_t cpage_file_count;
