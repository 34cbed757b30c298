#define _GNU_SOURCE
#include "cposix_memory.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

int cposix_memory_file(const void *bytes, size_t count) {
  int file = memfd_create("ra", MFD_CLOEXEC);
  if (file < 0) return -1;
  size_t written = 0;
  while (written < count) {
    ssize_t more = write(file, (const char *)bytes + written, count - written);
    if (more < 0 && errno == EINTR) continue;
    if (more <= 0) break;
    written += (size_t)more;
  }
  if (written == count && lseek(file, 0, SEEK_SET) == 0) return file;
  int error = errno;
  close(file);
  errno = error;
  return -1;
}
