#define _GNU_SOURCE
#include "guard.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

//             the guard ended by itself
//   keeping ─────────────────────────────────────────────────────────────► ended: what the guard told stands
//      │ the guard was killed                                tree gone
//      ├──────────────────────► killing (SIGKILL to the tree) ───────────► told LOST, ended
//      │ our maker is gone              ▲                       or given up
//      ▼                                │
//   waiting for the guard ──────────────┘ too long: the guard is stopped

// ms that the guard has to end the tree and itself when our maker is gone.
enum { guard_time = orphan_grace + give_up + 1000 };

void cposix_guard_tell(int socket, int kind, int value, int status) {
  struct cposix_guard_message message = {.kind = kind, .value = value, .status = status};
  // A maker that is gone or doesn't read changes nothing: its end of file comes.
  send(socket, &message, sizeof message, MSG_NOSIGNAL);
}

void cposix_guard_prepare(const char *name) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  setsid();
  prctl(PR_SET_NAME, name);
  cposix_become_subreaper();
  // Ignored, it would make the statuses of children vanish.
  sigaction(SIGCHLD, &action, NULL);
}

static void close_from(unsigned first) {
  if (syscall(SYS_close_range, first, ~0U, 0) == 0) return;
  for (int fd = first; fd < 65536; fd++) close(fd);
}

int cposix_guard_settle(int socket) {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  int moved = fcntl(socket, F_DUPFD_CLOEXEC, 3), signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  if (moved < 0 || signals < 0 || dup2(moved, socket_place) < 0 || dup2(signals, children_place) < 0) return -1;
  close_from(2);
  (void)!chdir("/");
  return 0;
}

void cposix_guard_hear_children(void) {
  struct signalfd_siginfo info;
  (void)!read(children_place, &info, sizeof info);
}

_Noreturn static void end_all(int socket, const pid_t *agent) {
  int status = -1, none = 0, left = cposix_end_descendants(give_up, *agent, &status, NULL, &none);
  cposix_guard_tell(socket, CPOSIX_GUARD_LOST, left, status);
  _exit(1);
}

_Noreturn static void keep(pid_t guard, const pid_t *agent) {
  long long deadline = 0;
  while (1) {
    // It is our only child as long as it lives: it takes what is orphaned itself.
    int status;
    pid_t ended = waitpid(guard, &status, WNOHANG);
    if (ended == guard && WIFEXITED(status)) _exit(WEXITSTATUS(status));
    if (ended != 0 || (deadline && cposix_now() >= deadline)) end_all(socket_place, agent);
    // What comes on the socket is the guard's to read: its end is all that is looked for.
    struct pollfd ready[2] = {{.fd = deadline ? -1 : socket_place}, {.fd = children_place, .events = POLLIN}};
    long long rest = deadline - cposix_now();
    if (poll(ready, 2, !deadline ? -1 : rest > 0 ? (int)rest : 0) <= 0) continue;
    if (ready[1].revents) cposix_guard_hear_children();
    if (ready[0].revents) deadline = cposix_now() + guard_time;
  }
}

// In the keeper. All signals are blocked, and stay so.
_Noreturn static void run(const struct cposix_agent *agent, int socket) {
  cposix_guard_prepare("ra-keeper");
  // The agent's process id, as the guard has it: should the guard be killed, whose status is whose.
  pid_t *id = mmap(NULL, sizeof *id, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t keeper = getpid(), guard = id == MAP_FAILED ? -1 : _Fork();
  if (guard == 0) cposix_guard_run(agent, socket, keeper, id);
  if (guard < 0) {
    cposix_guard_tell(socket, CPOSIX_GUARD_NO_START, errno, -1);
    _exit(1);
  }
  if (cposix_guard_settle(socket) != 0) end_all(socket, id);
  keep(guard, id);
}

pid_t cposix_guard_start(const struct cposix_agent *agent, int *channel) {
  int ends[2];
  sigset_t all, before;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return -1;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t keeper = _Fork();
  if (keeper == 0) {
    close(ends[0]);
    run(agent, ends[1]);
  }
  int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  close(ends[1]);
  if (keeper < 0) {
    close(ends[0]);
    errno = error;
    return -1;
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  *channel = ends[0];
  return keeper;
}
