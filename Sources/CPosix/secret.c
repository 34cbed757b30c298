#define _GNU_SOURCE
#include "cposix_secret.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// What we need of glib's and libsecret's declarations; their ABI is stable.
typedef struct _GHashTable GHashTable;
typedef struct { uint32_t domain; int code; char *message; } GError;
typedef struct GList { void *data; struct GList *next, *previous; } GList;
typedef struct {
  const char *name;
  int flags;
  struct { const char *name; int type; } attributes[32];
  int reserved;
  void *more[7];
} SecretSchema;

enum { SESSION_BUS = 2, OPEN_SESSION = 2, SEARCH_ALL = 2 };
enum { UNKNOWN_SERVICE = 2, NO_OWNER = 3, FIRST_SPAWN_ERROR = 23, LAST_SPAWN_ERROR = 31 }; // of GDBusError
enum { IS_LOCKED = 2, NO_SUCH_OBJECT = 3 };                                                // of SecretError

static struct {
  void *(*g_bus_get_sync)(int, void *, GError **);
  GHashTable *(*g_hash_table_new)(void *, void *);
  int (*g_hash_table_insert)(GHashTable *, void *, void *);
  void *g_str_hash, *g_str_equal;
  const char *(*g_quark_to_string)(uint32_t);
  void *(*secret_service_get_sync)(int, void *, GError **);
  void *(*secret_collection_for_alias_sync)(void *, const char *, int, void *, GError **);
  int (*secret_collection_get_locked)(void *);
  GList *(*secret_service_search_sync)(void *, const SecretSchema *, GHashTable *, int, void *, GError **);
  int (*secret_item_get_locked)(void *);
  int (*secret_password_storev_sync)(
      const SecretSchema *, GHashTable *, const char *, const char *, const char *, void *, GError **);
  char *(*secret_password_lookupv_sync)(const SecretSchema *, GHashTable *, void *, GError **);
  int (*secret_password_clearv_sync)(const SecretSchema *, GHashTable *, void *, GError **);
} lib;

static int load(void) {
  void *handle = dlopen("libsecret-1.so.0", RTLD_NOW | RTLD_LOCAL);
  if (!handle) return 0;
#define FIND(name) if (!(*(void **)&lib.name = dlsym(handle, #name))) return 0
  FIND(g_bus_get_sync);
  FIND(g_hash_table_new);
  FIND(g_hash_table_insert);
  FIND(g_str_hash);
  FIND(g_str_equal);
  FIND(g_quark_to_string);
  FIND(secret_service_get_sync);
  FIND(secret_collection_for_alias_sync);
  FIND(secret_collection_get_locked);
  FIND(secret_service_search_sync);
  FIND(secret_item_get_locked);
  FIND(secret_password_storev_sync);
  FIND(secret_password_lookupv_sync);
  FIND(secret_password_clearv_sync);
#undef FIND
  return 1;
}

static int failure(const GError *error, const char **text) {
  if (!error) return CPOSIX_SECRET_FAILED;
  const char *domain = lib.g_quark_to_string(error->domain);
  int code = error->code;
  if (domain && strcmp(domain, "g-dbus-error-quark") == 0 &&
      (code == UNKNOWN_SERVICE || code == NO_OWNER || (code >= FIRST_SPAWN_ERROR && code <= LAST_SPAWN_ERROR)))
    return CPOSIX_SECRET_NO_SERVICE;
  if (domain && strcmp(domain, "secret-error") == 0) {
    if (code == IS_LOCKED) return CPOSIX_SECRET_LOCKED;
    if (code == NO_SUCH_OBJECT) return CPOSIX_SECRET_NO_DEFAULT;
  }
  *text = error->message;
  return CPOSIX_SECRET_FAILED;
}

// Whether the default collection is there and open.
static int default_collection(void *service, const char **text) {
  GError *error = NULL;
  void *collection = lib.secret_collection_for_alias_sync(service, "default", 0, NULL, &error);
  if (error) return failure(error, text);
  if (!collection) return CPOSIX_SECRET_NO_DEFAULT;
  return lib.secret_collection_get_locked(collection) ? CPOSIX_SECRET_LOCKED : CPOSIX_SECRET_DONE;
}

// In the child: what is asked is left undone wherever the service would have to ask the user first.
static int perform(
    int task, const char *bus, const struct cposix_secret_item *item, const char *secret, const char **text) {
  GError *error = NULL;
  SecretSchema schema = {.name = "remote-agent.credential"};
  if (!load()) return CPOSIX_SECRET_NO_LIBRARY;
  if (bus) setenv("DBUS_SESSION_BUS_ADDRESS", bus, 1);
  if (!lib.g_bus_get_sync(SESSION_BUS, NULL, &error)) return CPOSIX_SECRET_NO_BUS;
  void *service = lib.secret_service_get_sync(OPEN_SESSION, NULL, &error);
  if (!service) return failure(error, text);
  GHashTable *attributes = lib.g_hash_table_new(lib.g_str_hash, lib.g_str_equal);
  for (int index = 0; index < 3 && item->names[index]; index++) {
    schema.attributes[index].name = item->names[index];
    lib.g_hash_table_insert(attributes, (void *)item->names[index], (void *)item->values[index]);
  }
  if (task == CPOSIX_SECRET_PROBE || task == CPOSIX_SECRET_STORE) {
    int state = default_collection(service, text);
    if (state != CPOSIX_SECRET_DONE || task == CPOSIX_SECRET_PROBE) return state;
    int stored = lib.secret_password_storev_sync(&schema, attributes, "default", item->label, secret, NULL, &error);
    return stored ? CPOSIX_SECRET_DONE : failure(error, text);
  }
  GList *found = lib.secret_service_search_sync(service, &schema, attributes, SEARCH_ALL, NULL, &error);
  if (error) return failure(error, text);
  if (!found) {
    // Some services don't show what is in a locked collection.
    int state = default_collection(service, text);
    return state == CPOSIX_SECRET_DONE ? CPOSIX_SECRET_NOT_FOUND : state;
  }
  for (GList *each = found; each; each = each->next)
    if (lib.secret_item_get_locked(each->data)) return CPOSIX_SECRET_LOCKED;
  if (task == CPOSIX_SECRET_LOOK_UP) {
    *text = lib.secret_password_lookupv_sync(&schema, attributes, NULL, &error);
    return *text ? CPOSIX_SECRET_DONE : error ? failure(error, text) : CPOSIX_SECRET_NOT_FOUND;
  }
  int cleared = lib.secret_password_clearv_sync(&schema, attributes, NULL, &error);
  return cleared ? CPOSIX_SECRET_DONE : error ? failure(error, text) : CPOSIX_SECRET_NOT_FOUND;
}

static void tell(int fd, const void *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(fd, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes = (const char *)bytes + written;
    count -= (size_t)written;
  }
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_BOOTTIME, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

// Reads to the end, at most until the deadline: the count, or -1 if it is too late.
static ssize_t hear(int fd, char *bytes, size_t size, int64_t deadline) {
  size_t count = 0;
  while (count < size) {
    int64_t left = deadline - now();
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    int ready = left > 0 ? poll(&entry, 1, (int)left) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return -1;
    ssize_t had = read(fd, bytes + count, size - count);
    if (had < 0 && errno == EINTR) continue;
    if (had <= 0) break;
    count += (size_t)had;
  }
  return (ssize_t)count;
}

int cposix_secret(
    int task, const char *bus, const struct cposix_secret_item *item, const char *secret, int milliseconds, char *answer,
    size_t size) {
  int ends[2];
  int64_t deadline = now() + milliseconds;
  answer[0] = 0;
  if (pipe2(ends, O_CLOEXEC) != 0) return CPOSIX_SECRET_FAILED;
  pid_t parent = getpid();
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The library's messages are told by what we return. A program without standard streams has ours in their places.
    int out = fcntl(ends[1], F_DUPFD_CLOEXEC, 3);
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd <= 2; fd++) dup2(null, fd);
    const char *text = NULL;
    char result = getppid() == parent ? (char)perform(task, bus, item, secret, &text) : CPOSIX_SECRET_FAILED;
    tell(out, &result, 1);
    if (text) tell(out, text, strlen(text));
    _exit(0);
  }
  close(ends[1]);
  char result = CPOSIX_SECRET_FAILED;
  ssize_t count = -1;
  if (child > 0) {
    count = hear(ends[0], &result, 1, deadline);
    if (count < 0) result = CPOSIX_SECRET_TOO_LATE;
    if (count == 0) result = CPOSIX_SECRET_FAILED;
    if (count == 1) {
      count = hear(ends[0], answer, size - 1, deadline);
      answer[count > 0 ? count : 0] = 0;
      if (count < 0) result = CPOSIX_SECRET_TOO_LATE;
    }
    kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
  }
  close(ends[0]);
  return result;
}
