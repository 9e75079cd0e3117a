/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

/* Sockets by names that people know. Thread: any. Ownership of what is returned: the caller's. */

/* "127.0.0.1:5900", "[::1]:5900", a path, or "unix socket". */
char *vit_peer_name_of_address(const struct sockaddr *address, socklen_t n_bytes);
/* Of the socket's own end. */
char *vit_peer_name_of_socket(int fd);
/* Of the other end; for a unix socket "pid 123, uid 1000". */
char *vit_peer_name_of_peer(int fd);
/*
 * What all connections of one machine have in common: the address without its port, for IPv6 the
 * network of 64 bits. For a unix socket the peer's uid.
 */
char *vit_peer_name_of_origin(int fd);
/* Whether only this machine can reach the socket: a unix socket, or a loopback address. */
bool vit_peer_socket_is_local(int fd);
