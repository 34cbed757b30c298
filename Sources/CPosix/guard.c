#define _GNU_SOURCE
#include "cposix_guard.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

//             agent and tree gone
//   watching ──────────────────────────────────────────────► told GONE, ended
//      │ END, or end of file (our maker is gone)                   ▲
//      ▼               grace over             tree gone            │
//   asked (SIGTERM) ───────────► killed (SIGKILL again and again) ─┘ or given up

enum {
  orphan_grace = 500,  // ms between SIGTERM and SIGKILL when our maker is gone
  give_up = 5000,      // ms of SIGKILLs, after which only what we may not kill, or can't die, is left
  kill_interval = 10,  // ms between two SIGKILLs to what has been forked meanwhile
  socket_place = 0,    // where the guard keeps its descriptors, so that it can close all others
  children_place = 1,
};

enum phase { watching, asked, killed };

struct guard {
  enum phase phase;
  long long deadline;
  pid_t agent; // 0 once it was waited for
  int orphaned;
};

static void tell(int fd, int kind, int value) {
  struct cposix_guard_message message = {.kind = kind, .value = value};
  // A maker that is gone or doesn't read changes nothing: its end of file comes.
  send(fd, &message, sizeof message, MSG_NOSIGNAL);
}

struct failure {
  int kind, error;
};

// In the child that becomes the agent.
static void become_agent(const struct cposix_agent *agent, pid_t guard, int report) {
  struct failure failure = {.kind = CPOSIX_GUARD_NO_START};
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigset_t none;
  setpgid(0, 0);
  // Should the guard be killed, at least the agent goes with it.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != guard) _exit(127);
  for (int signal = 1; signal <= SIGRTMAX; signal++) sigaction(signal, &action, NULL);
  int place[3];
  for (int i = 0; i < 3; i++) {
    // Out of the way first: a source may be another's target. One that is out of it costs no further descriptor.
    place[i] = agent->descriptors[i] < 3 ? fcntl(agent->descriptors[i], F_DUPFD_CLOEXEC, 3) : agent->descriptors[i];
    if (place[i] < 0) goto failed;
  }
  for (int i = 0; i < 3; i++)
    if (dup2(place[i], i) < 0) goto failed;
  if (agent->folder && chdir(agent->folder) != 0) {
    failure.kind = CPOSIX_GUARD_NO_FOLDER;
    goto failed;
  }
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execve(agent->path, agent->arguments, agent->environment);
failed:
  failure.error = errno;
  (void)!write(report, &failure, sizeof failure);
  _exit(127);
}

// Starts the agent and returns its process id, or 0 and why not.
static pid_t start_agent(const struct cposix_agent *agent, struct failure *failure) {
  int report[2];
  *failure = (struct failure){.kind = CPOSIX_GUARD_NO_START};
  if (pipe2(report, O_CLOEXEC) != 0) {
    failure->error = errno;
    return 0;
  }
  pid_t guard = getpid(), child = _Fork();
  if (child == 0) become_agent(agent, guard, report[1]);
  if (child < 0) failure->error = errno;
  close(report[1]);
  ssize_t count = 0;
  if (child > 0) {
    setpgid(child, child);
    do count = read(report[0], failure, sizeof *failure);
    while (count < 0 && errno == EINTR);
  }
  close(report[0]);
  return child > 0 && count != sizeof *failure ? child : 0;
}

static void close_from(unsigned first) {
  if (syscall(SYS_close_range, first, ~0U, 0) == 0) return;
  for (int fd = first; fd < 65536; fd++) close(fd);
}

static void end_tree(struct guard *guard, int grace) {
  if (grace > 0 && guard->phase == watching) {
    guard->phase = asked;
    guard->deadline = cposix_now() + grace;
    cposix_signal_descendants(SIGTERM);
    // What is stopped doesn't hear SIGTERM.
    cposix_signal_descendants(SIGCONT);
  } else if (guard->phase != killed && (grace <= 0 || cposix_now() + grace < guard->deadline)) {
    guard->deadline = cposix_now() + (grace > 0 ? grace : 0);
    if (grace <= 0) guard->phase = asked;
  }
}

static void obey(struct guard *guard) {
  struct cposix_guard_message message;
  ssize_t count = recv(socket_place, &message, sizeof message, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count != sizeof message) {
    guard->orphaned = 1;
    end_tree(guard, orphan_grace);
  } else if (message.kind == CPOSIX_GUARD_END) {
    end_tree(guard, message.value);
  } else if (message.kind == CPOSIX_GUARD_SIGNAL && guard->agent) {
    // Not yet waited for, so that its number is still its own.
    kill(-guard->agent, message.value);
  }
}

static void look_after(struct guard *guard) {
  while (1) {
    int status, left, had = guard->agent != 0;
    left = cposix_reap(&guard->agent, &status);
    if (had && !guard->agent) tell(socket_place, CPOSIX_GUARD_EXITED, status);
    if (!left) {
      tell(socket_place, CPOSIX_GUARD_GONE, 0);
      _exit(0);
    }
    if (guard->phase == asked && cposix_now() >= guard->deadline) {
      guard->phase = killed;
      guard->deadline = cposix_now() + give_up;
    }
    if (guard->phase == killed) {
      int alive = cposix_signal_descendants(SIGKILL);
      if (alive && cposix_now() >= guard->deadline) {
        tell(socket_place, CPOSIX_GUARD_GONE, alive);
        _exit(1);
      }
    }
    struct pollfd ready[2] = {{.fd = guard->orphaned ? -1 : socket_place, .events = POLLIN},
                              {.fd = children_place, .events = POLLIN}};
    int wait = guard->phase == killed ? kill_interval : -1;
    if (guard->phase == asked) {
      long long rest = guard->deadline - cposix_now();
      wait = rest > 0 ? (int)rest : 0;
    }
    if (poll(ready, 2, wait) <= 0) continue;
    if (ready[1].revents) {
      struct signalfd_siginfo info;
      (void)!read(children_place, &info, sizeof info);
    }
    if (ready[0].revents) obey(guard);
  }
}

// In the guard. All signals are blocked, and stay so.
static void run(const struct cposix_agent *agent, int channel) {
  struct failure failure;
  sigset_t children;
  struct sigaction action = {.sa_handler = SIG_DFL};
  setsid();
  prctl(PR_SET_NAME, "ra-guard");
  // Before the agent is there: nothing of it may escape.
  cposix_become_subreaper();
  // Ignored, it would make the agent's status vanish.
  sigaction(SIGCHLD, &action, NULL);
  struct guard guard = {.phase = watching, .agent = start_agent(agent, &failure)};
  if (!guard.agent) {
    tell(channel, failure.kind, failure.error);
    _exit(1);
  }
  tell(channel, CPOSIX_GUARD_STARTED, guard.agent);
  int moved = fcntl(channel, F_DUPFD_CLOEXEC, 3);
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  int signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  if (moved < 0 || signals < 0 || dup2(moved, socket_place) < 0 || dup2(signals, children_place) < 0) {
    int status;
    cposix_end_descendants(give_up, guard.agent, &status);
    _exit(1);
  }
  close_from(2);
  (void)!chdir("/");
  look_after(&guard);
}

pid_t cposix_guard_start(const struct cposix_agent *agent, int *channel) {
  int ends[2];
  sigset_t all, before;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return -1;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t guard = _Fork();
  if (guard == 0) {
    close(ends[0]);
    run(agent, ends[1]);
    _exit(1);
  }
  int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  close(ends[1]);
  if (guard < 0) {
    close(ends[0]);
    errno = error;
    return -1;
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  *channel = ends[0];
  return guard;
}
