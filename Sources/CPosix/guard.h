#pragma once
#include "cposix_guard.h"

// What the keeper and the guard have in common. They share one end of a socket, whose other end is their maker's: each
// tells on it, the guard alone reads it, both see its end. It ends for the maker when both are gone.

enum {
  give_up = 5000, // ms of SIGKILLs, after which only what we may not kill, or can't die, is left
  orphan_grace = 500, // ms between SIGTERM and SIGKILL when our maker is gone
  // Where both keep their descriptors, so that they can close all others.
  socket_place = 0,
  children_place = 1,
};

// Sends a message to the maker.
void cposix_guard_tell(int socket, int kind, int value, int status);

// Makes the calling process one that keeps others: in a session of its own, the parent of all that is orphaned below it.
void cposix_guard_prepare(const char *name);

// Puts the socket and a signalfd for SIGCHLD in their places, and closes all other descriptors. Returns 0, or -1.
int cposix_guard_settle(int socket);

// Reads what has come on the signalfd.
void cposix_guard_hear_children(void);

// In the guard: starts the agent, whose process id it keeps in `id` as long as it wasn't waited for, and looks after it.
// Doesn't return.
void cposix_guard_run(const struct cposix_agent *agent, int socket, pid_t keeper, pid_t *id);
