#define _GNU_SOURCE
#include "cposix_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
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

// In the child that becomes the program: async-signal-safe calls only.
static void become(const struct cposix_program *program, pid_t parent, int end_signal, int report) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigset_t none;
  int copies[most_descriptors], error = 0;
  // posix_spawn(3) has no attribute for it.
  prctl(PR_SET_PDEATHSIG, end_signal);
  if (getppid() != parent) _exit(127);
  if (program->new_session ? setsid() < 0 : program->new_group && setpgid(0, 0) != 0) goto failed;
  for (int signal = 1; signal <= SIGRTMAX; signal++) sigaction(signal, &action, NULL);
  if ((error = copy_above(program->descriptors, program->descriptor_count, copies))) goto failed;
  for (int i = 0; i < program->descriptor_count; i++) {
    if (copies[i] < 0) close(i);
    else if (dup2(copies[i], i) < 0) goto failed;
  }
  if (program->folder && chdir(program->folder) != 0) goto failed;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execve(program->path, program->arguments, program->environment);
failed:
  if (!error) error = errno;
  (void)!write(report, &error, sizeof error);
  _exit(127);
}

int cposix_spawn_tied(const struct cposix_program *program, int signal, pid_t *process) {
  int ends[2], error = 0;
  if (program->descriptor_count > most_descriptors) return EINVAL;
  if (pipe2(ends, O_CLOEXEC) != 0) return errno;
  // Out of the way of the program's own.
  int report = fcntl(ends[1], F_DUPFD_CLOEXEC, most_descriptors);
  if (report < 0) error = errno;
  close(ends[1]);
  pid_t parent = getpid(), child = -1;
  if (!error && (child = _Fork()) == 0) become(program, parent, signal, report);
  if (!error && child < 0) error = errno;
  if (report >= 0) close(report);
  if (child > 0) {
    ssize_t count;
    do count = read(ends[0], &error, sizeof error);
    while (count < 0 && errno == EINTR);
    if (count == sizeof error) {
      while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
    } else {
      error = 0;
      *process = child;
    }
  }
  close(ends[0]);
  return error;
}
