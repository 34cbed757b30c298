#pragma once

// A non-blocking netlink(7) socket that becomes readable when links, addresses or routes change; -1 with errno set.
int cposix_network_open(void);

// Reads what has come, at most a bounded number of messages. Returns 1 if an address, a route or a link's state changed (or
// messages were lost), 0 if nothing did.
int cposix_network_take(int descriptor);

// Whether a connected socket's local address is on no interface any more: 1 or 0; 0 also where it can't be told.
int cposix_network_lost_address(int socket);
