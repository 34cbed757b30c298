#pragma once
#include <stdint.h>
#include <sys/types.h>

// The guard: a child of ours that starts an agent, and at the latest when we are gone ends it and all that descends from
// it. It is a child subreaper, so that a double fork doesn't escape, and in a session of its own, so that no key on the
// terminal reaches it. It runs nothing but this C code and makes async-signal-safe calls only, so that it can be forked
// from a program with threads.

struct cposix_agent {
  const char *path; // looked up nowhere
  char *const *arguments;
  char *const *environment;
  const char *folder;        // its working folder; NULL: ours
  int descriptors[3];        // its standard input, output and error
};

// What the guard tells, and is told, on its socket: one record a message (SOCK_SEQPACKET).
struct cposix_guard_message {
  int32_t kind;
  int32_t value;
};

enum cposix_guard_kind {
  // From the guard.
  CPOSIX_GUARD_STARTED = 1,   // value: the agent's process id, which is its process group too
  CPOSIX_GUARD_NO_FOLDER = 2, // value: an error number; the agent was not started, and the guard ends
  CPOSIX_GUARD_NO_START = 3,  // likewise
  CPOSIX_GUARD_EXITED = 4,    // value: the agent's status as of wait(2)
  CPOSIX_GUARD_GONE = 5,      // the last message; value: how many processes it could not end, 0 as a rule
  // To the guard.
  CPOSIX_GUARD_SIGNAL = 16, // value: a signal for the agent's process group
  CPOSIX_GUARD_END = 17,    // value: milliseconds; SIGTERM to the whole tree, SIGKILL after them (at once if 0)
};

// Starts a guard. Returns its process id, for which the caller waits once the socket has ended, and the socket (close-on-exec,
// non-blocking); -1 with errno set.
pid_t cposix_guard_start(const struct cposix_agent *agent, int *socket);

// Ends all descendants of the calling process with SIGKILL and waits for them, at most `milliseconds`. Returns how many are
// left, and in `status` that of `agent` if it was among those waited for (else it is left as it is). It takes every child
// of the process: only for one that has no others.
int cposix_end_descendants(int milliseconds, pid_t agent, int *status);

// Makes orphaned descendants our children. Returns 0, or -1 with errno set.
int cposix_become_subreaper(void);

// The process ids of all descendants of a process, at most `most`. Returns how many.
int cposix_descendants(pid_t of, pid_t *found, int most);
