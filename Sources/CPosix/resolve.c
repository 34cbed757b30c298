#define _GNU_SOURCE
#include "cposix_resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert(sizeof(struct cposix_address) <= 512, "a record must be written whole: at most PIPE_BUF");

struct question {
  char *host;
  char *port;
  int fd;
};

static void forget(struct question *question) {
  free(question->host);
  free(question->port);
  free(question);
}

static int tell(int fd, const struct cposix_address *address) {
  ssize_t written;
  do written = write(fd, address, sizeof *address);
  while (written < 0 && errno == EINTR);
  return written == sizeof *address ? 0 : -1;
}

static void *answer(void *argument) {
  struct question *question = argument;
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
  struct addrinfo *found = NULL;
  int error = getaddrinfo(question->host, question->port, &hints, &found);
  if (error == EAI_ADDRFAMILY || error == EAI_NONAME) {
    // A machine with nothing but loopback has no "configured" family.
    hints.ai_flags = 0;
    error = getaddrinfo(question->host, question->port, &hints, &found);
  }
  int reader_left = 0;
  for (struct addrinfo *each = error ? NULL : found; each && !reader_left; each = each->ai_next) {
    if (each->ai_addrlen > sizeof(struct sockaddr_storage)) continue;
    struct cposix_address address = {.length = each->ai_addrlen, .family = each->ai_family};
    memcpy(&address.address.storage, each->ai_addr, each->ai_addrlen);
    reader_left = tell(question->fd, &address);
  }
  if (!error) freeaddrinfo(found);
  struct cposix_address last = {.family = 0, .error = error};
  if (!reader_left) tell(question->fd, &last);
  close(question->fd);
  forget(question);
  return NULL;
}

int cposix_resolve(const char *host, const char *port) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  struct question *question = calloc(1, sizeof *question);
  int error = ENOMEM;
  if (question) {
    question->host = strdup(host);
    question->port = strdup(port);
    question->fd = ends[1];
    if (question->host && question->port) {
      pthread_t thread;
      pthread_attr_t attributes;
      sigset_t all, before;
      // Signals are the main thread's, SIGPIPE of the last write among them.
      sigfillset(&all);
      pthread_sigmask(SIG_SETMASK, &all, &before);
      pthread_attr_init(&attributes);
      pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
      error = pthread_create(&thread, &attributes, answer, question);
      pthread_attr_destroy(&attributes);
      pthread_sigmask(SIG_SETMASK, &before, NULL);
      if (error == 0) return ends[0];
    }
    forget(question);
  }
  close(ends[0]);
  close(ends[1]);
  errno = error;
  return -1;
}
