#define _GNU_SOURCE
#include "cposix_network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int cposix_network_open(void) {
  int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (descriptor < 0) return -1;
  struct sockaddr_nl address = {
      .nl_family = AF_NETLINK,
      .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE};
  if (bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
    int error = errno;
    close(descriptor);
    errno = error;
    return -1;
  }
  return descriptor;
}

static int is_relevant(const struct nlmsghdr *message) {
  switch (message->nlmsg_type) {
    case RTM_NEWADDR:
    case RTM_DELADDR:
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
    case RTM_DELLINK:
      return 1;
    case RTM_NEWLINK:
      // Statistics and wireless events come as links too: only a change of flags (up, running) is one.
      return message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifinfomsg)) &&
             ((const struct ifinfomsg *)NLMSG_DATA(message))->ifi_change != 0;
    default:
      return 0;
  }
}

int cposix_network_take(int descriptor) {
  int changed = 0;
  for (int i = 0; i < 64; i++) {
    _Alignas(struct nlmsghdr) char buffer[16384];
    struct sockaddr_nl sender = {0};
    socklen_t length = sizeof sender;
    ssize_t count = recvfrom(descriptor, buffer, sizeof buffer, 0, (struct sockaddr *)&sender, &length);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno != ENOBUFS) break;
      // Messages were dropped: what they said is unknown.
      changed = 1;
      continue;
    }
    // Only the kernel tells of the network.
    if (sender.nl_pid != 0) continue;
    size_t left = (size_t)count;
    for (struct nlmsghdr *message = (struct nlmsghdr *)buffer; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left))
      changed |= is_relevant(message);
  }
  return changed;
}

int cposix_network_lost_address(int socket) {
  struct sockaddr_storage local = {0};
  socklen_t length = sizeof local;
  if (getsockname(socket, (struct sockaddr *)&local, &length) != 0) return 0;
  if (local.ss_family != AF_INET && local.ss_family != AF_INET6) return 0;
  const struct sockaddr_in *four = (const struct sockaddr_in *)&local;
  const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&local;
  struct in_addr wanted = four->sin_addr;
  int is_four = local.ss_family == AF_INET;
  if (!is_four && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
    is_four = 1;
    memcpy(&wanted, six->sin6_addr.s6_addr + 12, sizeof wanted);
  }
  // All of 127.0.0.0/8 is the loopback's, though it shows one address.
  if (is_four && ntohl(wanted.s_addr) >> 24 == 127) return 0;
  struct ifaddrs *all;
  if (getifaddrs(&all) != 0) return 0;
  int found = 0;
  for (struct ifaddrs *each = all; each && !found; each = each->ifa_next) {
    if (!each->ifa_addr) continue;
    if (is_four && each->ifa_addr->sa_family == AF_INET)
      found = ((struct sockaddr_in *)each->ifa_addr)->sin_addr.s_addr == wanted.s_addr;
    else if (!is_four && each->ifa_addr->sa_family == AF_INET6)
      found = IN6_ARE_ADDR_EQUAL(&((struct sockaddr_in6 *)each->ifa_addr)->sin6_addr, &six->sin6_addr);
  }
  freeifaddrs(all);
  return !found;
}
