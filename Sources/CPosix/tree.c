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

enum { most_processes = 65536, most_reaped = 16384 };

struct process {
  pid_t id, parent, group, session;
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

// Opens /proc/N/stat.
static int open_stat(int proc, pid_t id) {
  char path[24] = "";
  char *start = path + sizeof path - sizeof "/stat";
  for (int i = 0; i < (int)sizeof "/stat"; i++) start[i] = "/stat"[i];
  for (; id; id /= 10) *--start = (char)('0' + id % 10);
  return openat(proc, start, O_RDONLY | O_CLOEXEC);
}

// Reads a process's parent, group and session, its stat's fields from the fourth on; the second is a name in parentheses
// that may hold anything, those too. Returns whether the process is there.
static int read_process(int proc, struct process *process) {
  char text[512];
  int file = open_stat(proc, process->id);
  if (file < 0) return 0;
  ssize_t count = read(file, text, sizeof text - 1);
  close(file);
  if (count <= 0) return 0;
  text[count] = 0;
  const char *field = text + count;
  while (field > text && *field != ')') field--;
  // ") S 12 34 56"
  if (text + count - field < 5) return 0;
  field += 4;
  pid_t *const places[] = {&process->parent, &process->group, &process->session};
  for (int i = 0; i < 3; i++) {
    *places[i] = number(field);
    while (*field && *field != ' ') field++;
    if (*field) field++;
  }
  return process->parent > 0;
}

// Their numbers alone first, which is fast: who forks all the time would keep us reading for ever.
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
  int listed = 0, count = 0;
  long size;
  while (listed < most && (size = syscall(SYS_getdents64, proc, buffer, sizeof buffer)) > 0) {
    for (long at = 0; at < size && listed < most;) {
      struct entry *entry = (struct entry *)(buffer + at);
      at += entry->length;
      pid_t id = number(entry->name);
      if (id) all[listed++] = (struct process){.id = id};
    }
  }
  for (int i = 0; i < listed; i++) {
    struct process one = all[i];
    if (read_process(proc, &one)) all[count++] = one;
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

static int is_among(const pid_t *some, int count, pid_t id) {
  for (int i = 0; i < count; i++)
    if (some[i] == id) return 1;
  return 0;
}

// Marks what descends from `root`, save its children `spared` and what descends from them.
static void mark(struct process *all, int count, pid_t root, const pid_t *spared, int spared_count) {
  int marked = 1;
  while (marked) {
    marked = 0;
    for (int i = 0; i < count; i++) {
      if (all[i].descends) continue;
      struct process *parent = find(all, count, all[i].parent);
      int is_child = all[i].parent == root && !is_among(spared, spared_count, all[i].id);
      if (is_child || (parent && parent->descends)) all[i].descends = marked = 1;
    }
  }
}

// Keeper and guard have one thread each, and who calls this otherwise does so from one.
static struct process processes[most_processes];

static int signal_descendants(int signal, int and_groups, const pid_t *spared, int spared_count) {
  int count = read_processes(processes, most_processes), found = 0;
  pid_t self = getpid(), own_group = getpgrp(), own_session = getsid(0), last = 0;
  mark(processes, count, self, spared, spared_count);
  for (int i = 0; i < count; i++) {
    const struct process *one = &processes[i];
    if (!one->descends) continue;
    found++;
    // A number could only be another's by now if its parent reaped it and all numbers were used since: not in this time.
    kill(one->id, signal);
    // Nobody forks out of a signal to a group, as fast as he may be. Whoever is in a session that one of ours made, or we
    // did, descends from it.
    int is_ours = one->session > 1 && (one->session != own_session || own_session == self);
    if (!and_groups || !is_ours || one->group <= 1 || one->group == own_group || one->group == last) continue;
    kill(-one->group, signal);
    last = one->group;
  }
  return found;
}

static int kill_descendants(const pid_t *spared, int spared_count) {
  // What is stopped forks no more. Killed one by one, they would make room for others that are forked meanwhile.
  for (int before = 0, round = 0; round < 16; round++) {
    int found = signal_descendants(SIGSTOP, 1, spared, spared_count);
    if (found <= before) break;
    before = found;
  }
  return signal_descendants(SIGKILL, 1, spared, spared_count);
}

int cposix_signal_descendants(int signal) { return signal_descendants(signal, 0, NULL, 0); }

int cposix_kill_descendants(void) { return kill_descendants(NULL, 0); }

void cposix_end_adopted(const pid_t *spared, int count) { kill_descendants(spared, count); }

int cposix_adopted(const pid_t *ours, int count, pid_t *found, int most) {
  pid_t self = getpid();
  int listed = read_processes(processes, most_processes), living = 0;
  for (int i = 0; i < listed; i++) {
    pid_t id = processes[i].id;
    if (processes[i].parent != self || is_among(ours, count, id) || waitpid(id, NULL, WNOHANG) != 0) continue;
    if (living < most) found[living] = id;
    living++;
  }
  return living;
}

int cposix_descendants(pid_t of, pid_t *found, int most) {
  struct process *all = malloc(most_processes * sizeof *all);
  if (!all) return 0;
  int count = read_processes(all, most_processes), number = 0;
  mark(all, count, of, NULL, 0);
  for (int i = 0; i < count && number < most; i++)
    if (all[i].descends) found[number++] = all[i].id;
  free(all);
  return number;
}

// As cposix_reap; those of `spared` that it waited for are dropped from it.
static enum cposix_left reap(pid_t *agent, int *status, pid_t *spared, int *spared_count) {
  // Not for ever where they end as fast as we wait.
  for (int i = 0; i < most_reaped; i++) {
    int one;
    pid_t process = waitpid(-1, &one, WNOHANG);
    if (process > 0 && process == *agent) {
      *status = one;
      *agent = 0;
    }
    for (int j = 0; process > 0 && j < *spared_count; j++)
      if (spared[j] == process) spared[j--] = spared[--*spared_count];
    if (process < 0 && errno == ECHILD) return cposix_none_left;
    if (process == 0) return cposix_some_live;
  }
  return cposix_more_ended;
}

enum cposix_left cposix_reap(pid_t *agent, int *status) {
  int none = 0;
  return reap(agent, status, NULL, &none);
}

int cposix_end_descendants(int milliseconds, pid_t agent, int *status, pid_t *spared, int *spared_count) {
  long long deadline = cposix_now() + milliseconds;
  int left = 0, empty = 0;
  while (reap(&agent, status, spared, spared_count)) {
    left = kill_descendants(spared, *spared_count);
    // Twice, since a list of processes is none of one moment. Without any that are spared the last one's end is heard.
    empty = left == 0 && *spared_count > 0 ? empty + 1 : 0;
    if (empty == 2 || cposix_now() >= deadline) return left;
    poll(NULL, 0, 10);
  }
  return 0;
}

int cposix_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1); }
