// The files of the web page, as they are in Page/.

#ifndef CPAGE_H
#define CPAGE_H

#include <stddef.h>

typedef struct {
  /// The file's name, without a folder.
  const char *name;
  /// Its media type, for `Content-Type`.
  const char *type;
  const unsigned char *bytes;
  size_t count;
} cpage_file;

/// All files; the first is `index.html`.
extern const cpage_file *const cpage_files;
extern const size_t cpage_file_count;

#endif
