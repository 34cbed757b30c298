#define _GNU_SOURCE
#include "guard.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

//             agent and tree gone
//   watching ──────────────────────────────────────────────► told GONE, ended
//      │ END, or the socket's end (our maker is gone)              ▲
//      ▼               grace over             tree gone            │
//   asked (SIGTERM) ───────────► killed (SIGKILL again and again) ─┘ or given up
//
// From each of them: the keeper is gone ──► killed, and LOST is told in place of GONE.

enum { kill_interval = 10 }; // ms between two SIGKILLs to what has been forked meanwhile

enum phase { watching, asked, killed };

struct guard {
  enum phase phase;
  long long deadline;
  pid_t *agent; // 0 once it was waited for
  pid_t keeper;
  int orphaned; // our maker is gone
  int alone;    // the keeper is gone
  int status;   // the agent's, if it is to be told with LOST; else -1
};

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
  } else if (message.kind == CPOSIX_GUARD_SIGNAL && *guard->agent) {
    // Not yet waited for, so that its number is still its own.
    kill(-*guard->agent, message.value);
  }
}

static void kill_tree(struct guard *guard) {
  guard->phase = killed;
  guard->deadline = cposix_now() + give_up;
}

_Noreturn static void finish(const struct guard *guard, int left) {
  cposix_guard_tell(socket_place, guard->alone ? CPOSIX_GUARD_LOST : CPOSIX_GUARD_GONE, left, guard->status);
  _exit(left ? 1 : 0);
}

static void look_after(struct guard *guard) {
  while (1) {
    int status, had = *guard->agent != 0;
    enum cposix_left left = cposix_reap(guard->agent, &status);
    if (!guard->alone && getppid() != guard->keeper) {
      guard->alone = 1;
      kill_tree(guard);
    }
    if (had && !*guard->agent) {
      if (guard->alone) guard->status = status;
      else cposix_guard_tell(socket_place, CPOSIX_GUARD_EXITED, status, -1);
    }
    if (left == cposix_none_left) finish(guard, 0);
    if (guard->phase == asked && cposix_now() >= guard->deadline) kill_tree(guard);
    if (guard->phase == killed) {
      int alive = cposix_kill_descendants();
      if (alive && cposix_now() >= guard->deadline) finish(guard, alive);
    }
    struct pollfd ready[2] = {{.fd = guard->orphaned ? -1 : socket_place, .events = POLLIN},
                              {.fd = children_place, .events = POLLIN}};
    int wait = guard->phase == killed ? kill_interval : -1;
    if (guard->phase == asked) {
      long long rest = guard->deadline - cposix_now();
      wait = rest > 0 ? (int)rest : 0;
    }
    if (left == cposix_more_ended) wait = 0;
    if (poll(ready, 2, wait) <= 0) continue;
    if (ready[1].revents) cposix_guard_hear_children();
    if (ready[0].revents) obey(guard);
  }
}

// All signals are blocked, and stay so.
void cposix_guard_run(const struct cposix_agent *agent, int socket, pid_t keeper, pid_t *id) {
  struct failure failure;
  struct guard guard = {.phase = watching, .agent = id, .keeper = keeper, .status = -1};
  // Before the agent is there: nothing of it may escape.
  cposix_guard_prepare("ra-guard");
  // The keeper's end is heard as a child's is.
  prctl(PR_SET_PDEATHSIG, SIGCHLD);
  if (getppid() != keeper) _exit(1);
  *id = start_agent(agent, &failure);
  if (!*id) {
    cposix_guard_tell(socket, failure.kind, failure.error, -1);
    _exit(1);
  }
  cposix_guard_tell(socket, CPOSIX_GUARD_STARTED, *id, -1);
  if (cposix_guard_settle(socket) != 0) {
    int none = 0;
    cposix_end_descendants(give_up, *id, &guard.status, NULL, &none);
    _exit(1);
  }
  look_after(&guard);
}
