#pragma once
#include <stdint.h>
#include <sys/socket.h>

// One address, as the pipe of cposix_resolve gives it. The last record has family 0 and, in `error`, what
// getaddrinfo(3) returned (0 if all went well).
struct cposix_address {
  uint32_t length;
  int32_t family;
  int32_t error;
  uint32_t reserved;
  union {
    struct sockaddr_storage storage;
    uint8_t bytes[128];
  } address;
};

// Looks a host's addresses up in a thread of its own, since getaddrinfo(3) blocks for as long as it likes. Returns the read
// end of a pipe on which the addresses arrive in order, or -1 with errno set. Closing it early is all right.
int cposix_resolve(const char *host, const char *port);
