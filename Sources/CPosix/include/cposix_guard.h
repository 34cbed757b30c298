#pragma once
#include <stdint.h>
#include <sys/types.h>

// The guard starts an agent, and at the latest when its maker is gone ends it and all that descends from it. Between the
// two stands the keeper, which does nothing but see that the guard is there:
//
//   maker ── keeper ── guard ── agent ── …
//
// Keeper and guard are child subreapers, so that a double fork doesn't escape, and each is in a session of its own, so
// that no key on the terminal reaches it. Whichever of the three is killed, or two of them at once, the one that is left
// ends the tree: the keeper is the guard's parent, and inherits what the guard leaves; the guard sees that its parent is
// another, and the end of the maker's socket; the maker, if it is a subreaper, inherits what both leave. They run nothing
// but this C code and make no calls but async-signal-safe ones (and mmap(2), which takes no lock), so that they can be
// forked from a program with threads.

struct cposix_agent {
  const char *path; // looked up nowhere
  char *const *arguments;
  char *const *environment;
  const char *folder;        // its working folder; NULL: ours
  int descriptors[3];        // its standard input, output and error
};

// What they tell, and are told, on the socket: one record a message (SOCK_SEQPACKET).
struct cposix_guard_message {
  int32_t kind;
  int32_t value;
  int32_t status; // of CPOSIX_GUARD_LOST: the agent's as of wait(2) if it wasn't told before and is known, else -1
};

enum cposix_guard_kind {
  // From the guard.
  CPOSIX_GUARD_STARTED = 1,   // value: the agent's process id, which is its process group too
  CPOSIX_GUARD_NO_FOLDER = 2, // value: an error number; the agent was not started, and the guard ends
  CPOSIX_GUARD_NO_START = 3,  // likewise
  CPOSIX_GUARD_EXITED = 4,    // value: the agent's status as of wait(2)
  CPOSIX_GUARD_GONE = 5,      // the last message; value: how many processes it could not end, 0 as a rule
  // From whichever is left, as the last message: the other was killed, and the tree therefore; value: as of GONE.
  CPOSIX_GUARD_LOST = 6,
  // To the guard.
  CPOSIX_GUARD_SIGNAL = 16, // value: a signal for the agent's process group
  CPOSIX_GUARD_END = 17,    // value: milliseconds; SIGTERM to the whole tree, SIGKILL after them (at once if 0)
};

// Starts keeper and guard. Returns the keeper's process id, for which the caller waits once the last message was read or
// the socket has ended, and the socket (close-on-exec, non-blocking); -1 with errno set. That both are gone, and nobody
// was left to tell, is the socket's end.
pid_t cposix_guard_start(const struct cposix_agent *agent, int *socket);

// Ends all descendants of the calling process with SIGKILL and waits for them, at most `milliseconds`. Returns how many are
// left, and in `status` that of `agent` if it was among those waited for (else it is left as it is). Of its children only
// `spared` are let be, with what descends from them; those of them that end meanwhile are waited for too, and dropped from the
// list: their numbers are free for others. For one thread.
int cposix_end_descendants(int milliseconds, pid_t agent, int *status, pid_t *spared, int *spared_count);

// Makes orphaned descendants our children. Returns 0, or -1 with errno set.
int cposix_become_subreaper(void);

// The orphans that came to us as a subreaper: our children save `ours`. Waits for those that have ended, and returns how
// many live; `found` gets the first `most`.
int cposix_adopted(const pid_t *ours, int count, pid_t *found, int most);

// Sends SIGKILL to our children save `spared`, and to all that descends from them. For one thread.
void cposix_end_adopted(const pid_t *spared, int count);

// The process ids of all descendants of a process, at most `most`. Returns how many.
int cposix_descendants(pid_t of, pid_t *found, int most);
