#pragma once
#include <stddef.h>

// The user's Secret Service (org.freedesktop.secrets) through libsecret, which is loaded at run time: neither linked nor
// required. Each call runs in a child process of its own that is killed at the deadline: whatever the library, the bus or the
// service do, or wait for, stays there, and so do the secrets that the library copies. No call ever has the service ask the
// user for something.

struct cposix_secret_item {
  const char *label;     // what the service shows the user
  const char *names[3];  // attributes by which the item is found again, at most 3; no secret
  const char *values[3]; // NULL ends them
};

enum cposix_secret_result {
  CPOSIX_SECRET_DONE = 0,
  CPOSIX_SECRET_NOT_FOUND = 1,
  CPOSIX_SECRET_LOCKED = 2,     // the item, or the default collection where there is no such item to be seen
  CPOSIX_SECRET_NO_DEFAULT = 3, // the service has no default collection
  CPOSIX_SECRET_NO_LIBRARY = 4,
  CPOSIX_SECRET_NO_BUS = 5,
  CPOSIX_SECRET_NO_SERVICE = 6, // nobody on the bus has the name, and nobody can be started for it
  CPOSIX_SECRET_TOO_LATE = 7,
  CPOSIX_SECRET_FAILED = 8,
};

// What is to be done with the item.
enum cposix_secret_task {
  CPOSIX_SECRET_PROBE = 1, // nothing: whether a secret could be stored now
  CPOSIX_SECRET_STORE = 2, // `secret`, replacing one with the same attributes
  CPOSIX_SECRET_LOOK_UP = 3,
  CPOSIX_SECRET_CLEAR = 4,
};

// - bus: the address of the user's bus; NULL: as the environment has it.
// - secret: what to store, ended by a zero.
// - answer: the secret that was looked up, or why it failed, ended by a zero; cut to `size`.
// Returns a cposix_secret_result.
int cposix_secret(
    int task, const char *bus, const struct cposix_secret_item *item, const char *secret, int milliseconds, char *answer,
    size_t size);
