#define _GNU_SOURCE
#include "cposix_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

enum { most_descriptors = 16 };

// Copies above every target, so that no dup2 overwrites a source that is still needed.
static int copy_above(const int *from, int count, int *copies) {
  for (int i = 0; i < count; i++) copies[i] = -1;
  for (int i = 0; i < count; i++) {
    if (from[i] < 0) continue;
    copies[i] = fcntl(from[i], F_DUPFD_CLOEXEC, most_descriptors);
    if (copies[i] < 0) return errno;
  }
  return 0;
}

static int prepare(const struct cposix_program *program, const int *copies, posix_spawn_file_actions_t *actions,
                   posix_spawnattr_t *attributes, int is_alone) {
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | (program->new_session ? POSIX_SPAWN_SETSID : 0);
  int error = posix_spawnattr_setflags(attributes, flags);
  if (!error) error = posix_spawnattr_setsigdefault(attributes, &all);
  if (!error) error = posix_spawnattr_setsigmask(attributes, &none);
  for (int i = 0; !error && i < program->descriptor_count; i++)
    error = copies[i] < 0 ? posix_spawn_file_actions_addclose(actions, i)
                          : posix_spawn_file_actions_adddup2(actions, copies[i], i);
  if (!error && is_alone) error = posix_spawn_file_actions_addclosefrom_np(actions, program->descriptor_count);
  if (!error && program->folder) error = posix_spawn_file_actions_addchdir_np(actions, program->folder);
  return error;
}

static int start(const struct cposix_program *program, pid_t *process, int is_alone);

int cposix_spawn(const struct cposix_program *program, pid_t *process) { return start(program, process, 0); }

int cposix_spawn_alone(const struct cposix_program *program, pid_t *process) { return start(program, process, 1); }

static int start(const struct cposix_program *program, pid_t *process, int is_alone) {
  int copies[most_descriptors];
  if (program->descriptor_count > most_descriptors) return EINVAL;
  int error = copy_above(program->descriptors, program->descriptor_count, copies);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  if (!error && !(error = posix_spawn_file_actions_init(&actions))) {
    if (!(error = posix_spawnattr_init(&attributes))) {
      error = prepare(program, copies, &actions, &attributes, is_alone);
      if (!error)
        error = posix_spawn(process, program->path, &actions, &attributes, program->arguments, program->environment);
      posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
  }
  for (int i = 0; i < program->descriptor_count; i++)
    if (copies[i] >= 0) close(copies[i]);
  return error;
}
