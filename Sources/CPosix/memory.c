#define _GNU_SOURCE
#include "cposix_memory.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

// Neither can fail, unless a sandbox forbids it: then all is as it was.

void cposix_keep_memory_private(void) { prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

void cposix_forbid_cores(void) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

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
