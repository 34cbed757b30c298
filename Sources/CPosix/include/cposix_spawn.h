#pragma once
#include <sys/types.h>

struct cposix_program {
  const char *path;        // looked up nowhere
  char *const *arguments;  // NULL-terminated, the name first
  char *const *environment;
  const char *folder;     // its working folder; NULL: ours
  const int *descriptors; // descriptors[n] of ours becomes its n; the others it inherits unless close-on-exec; -1: n is closed
  int descriptor_count;
  int new_session;
  int new_group;  // of a tied one
};

// Starts a program with default signal dispositions and none blocked (posix_spawn(3)). Returns 0 and the process id, or an
// error number.
int cposix_spawn(const struct cposix_program *program, pid_t *process);

// The same for a program that gets a signal when the thread that starts it has ended, whatever ended it.
int cposix_spawn_tied(const struct cposix_program *program, int signal, pid_t *process);

// The same for a program that inherits no others, close-on-exec or not: what starts it has more threads, which open some.
int cposix_spawn_alone(const struct cposix_program *program, pid_t *process);
