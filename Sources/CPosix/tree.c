#define _GNU_SOURCE
#include "tree.h"

#include "cposix_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Async-signal-safe, save cposix_descendants: no malloc, no stdio, no opendir(3).

enum { most_processes = 65536 };

struct process {
  pid_t id, parent;
  int descends;
};

long long cposix_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_BOOTTIME, &time);
  return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

static pid_t number(const char *text) {
  long value = 0;
  if (*text < '0' || *text > '9') return 0;
  for (; *text >= '0' && *text <= '9'; text++)
    if ((value = value * 10 + *text - '0') > INT32_MAX) return 0;
  return (pid_t)value;
}

// The fourth field of /proc/N/stat; the second is a name in parentheses that may hold anything, those too.
static pid_t parent_of(int proc, const char *name) {
  char path[32], text[512];
  size_t length = 0;
  while (name[length] && length < sizeof path - 6) {
    path[length] = name[length];
    length++;
  }
  for (const char *tail = "/stat"; *tail; tail++) path[length++] = *tail;
  path[length] = 0;
  int file = openat(proc, path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t count = read(file, text, sizeof text - 1);
  close(file);
  if (count <= 0) return 0;
  text[count] = 0;
  const char *end = text + count;
  while (end > text && *end != ')') end--;
  // ") S 123"
  if (text + count - end < 5) return 0;
  return number(end + 4);
}

static int read_processes(struct process *all, int most) {
  struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
  };
  _Alignas(8) char buffer[8192];
  int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (proc < 0) return 0;
  int count = 0;
  long size;
  while ((size = syscall(SYS_getdents64, proc, buffer, sizeof buffer)) > 0) {
    for (long at = 0; at < size;) {
      struct entry *entry = (struct entry *)(buffer + at);
      at += entry->length;
      pid_t id = number(entry->name);
      if (id == 0 || count == most) continue;
      pid_t parent = parent_of(proc, entry->name);
      if (parent) all[count++] = (struct process){.id = id, .parent = parent};
    }
  }
  close(proc);
  return count;
}

// /proc lists in ascending order.
static struct process *find(struct process *all, int count, pid_t id) {
  int low = 0, high = count;
  while (low < high) {
    int middle = low + (high - low) / 2;
    if (all[middle].id == id) return &all[middle];
    if (all[middle].id < id) low = middle + 1;
    else high = middle;
  }
  return 0;
}

static void mark(struct process *all, int count, pid_t root) {
  int marked = 1;
  while (marked) {
    marked = 0;
    for (int i = 0; i < count; i++) {
      if (all[i].descends) continue;
      struct process *parent = find(all, count, all[i].parent);
      if (all[i].parent == root || (parent && parent->descends)) all[i].descends = marked = 1;
    }
  }
}

static int descendants(pid_t root, struct process *all) {
  int count = read_processes(all, most_processes);
  mark(all, count, root);
  return count;
}

int cposix_signal_descendants(int signal) {
  // The guard has one thread, and so has whoever calls this otherwise.
  static struct process all[most_processes];
  int count = descendants(getpid(), all), found = 0;
  for (int i = 0; i < count; i++) {
    if (!all[i].descends) continue;
    found++;
    // A number could only be another's by now if its parent reaped it and all numbers were used since: not in this time.
    kill(all[i].id, signal);
  }
  return found;
}

int cposix_descendants(pid_t of, pid_t *found, int most) {
  struct process *all = malloc(most_processes * sizeof *all);
  if (!all) return 0;
  int count = descendants(of, all), number = 0;
  for (int i = 0; i < count && number < most; i++)
    if (all[i].descends) found[number++] = all[i].id;
  free(all);
  return number;
}

int cposix_reap(pid_t *agent, int *status) {
  while (1) {
    int one;
    pid_t process = waitpid(-1, &one, WNOHANG);
    if (process > 0 && process == *agent) {
      *status = one;
      *agent = 0;
    }
    if (process < 0 && errno == ECHILD) return 0;
    if (process == 0) return 1;
  }
}

int cposix_end_descendants(int milliseconds, pid_t agent, int *status) {
  long long deadline = cposix_now() + milliseconds;
  int left = 0;
  while (cposix_reap(&agent, status)) {
    left = cposix_signal_descendants(SIGKILL);
    if (cposix_now() >= deadline) return left;
    poll(NULL, 0, 10);
  }
  return 0;
}

int cposix_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1); }
