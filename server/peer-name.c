/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/peer-name.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#define IPV6_NETWORK_BYTES 8

static char *name_of_unix(const struct sockaddr_un *address, socklen_t n_bytes)
{
	size_t n_path_bytes = n_bytes > offsetof(struct sockaddr_un, sun_path)
				      ? n_bytes - offsetof(struct sockaddr_un, sun_path)
				      : 0;

	if (n_path_bytes == 0 || address->sun_path[0] == '\0') {
		return g_strdup("unix socket");
	}
	return g_strndup(address->sun_path, MIN(n_path_bytes, sizeof(address->sun_path)));
}

char *vit_peer_name_of_address(const struct sockaddr *address, socklen_t n_bytes)
{
	const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)address;
	char host[INET6_ADDRSTRLEN] = "?";

	switch (address->sa_family) {
	case AF_INET:
		(void)inet_ntop(AF_INET, &ipv4->sin_addr, host, sizeof(host));
		return g_strdup_printf("%s:%u", host, ntohs(ipv4->sin_port));
	case AF_INET6:
		(void)inet_ntop(AF_INET6, &ipv6->sin6_addr, host, sizeof(host));
		return g_strdup_printf("[%s]:%u", host, ntohs(ipv6->sin6_port));
	case AF_UNIX:
		return name_of_unix((const struct sockaddr_un *)address, n_bytes);
	default:
		return g_strdup("unknown address");
	}
}

char *vit_peer_name_of_socket(int fd)
{
	struct sockaddr_storage address = {0};
	socklen_t n_bytes = sizeof(address);

	(void)getsockname(fd, (struct sockaddr *)&address, &n_bytes);
	return vit_peer_name_of_address((struct sockaddr *)&address, n_bytes);
}

static struct ucred peer_credentials(int fd)
{
	struct ucred credentials = {.uid = (uid_t)-1};
	socklen_t n_bytes = sizeof(credentials);

	(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &n_bytes);
	return credentials;
}

char *vit_peer_name_of_peer(int fd)
{
	struct sockaddr_storage address = {0};
	socklen_t n_bytes = sizeof(address);

	(void)getpeername(fd, (struct sockaddr *)&address, &n_bytes);
	if (address.ss_family == AF_UNIX) {
		struct ucred credentials = peer_credentials(fd);

		return g_strdup_printf("pid %d, uid %u", (int)credentials.pid,
				       (unsigned)credentials.uid);
	}
	return vit_peer_name_of_address((struct sockaddr *)&address, n_bytes);
}

char *vit_peer_name_of_origin(int fd)
{
	struct sockaddr_storage address = {0};
	const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)&address;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&address;
	socklen_t n_bytes = sizeof(address);
	char host[INET6_ADDRSTRLEN] = "?";

	(void)getpeername(fd, (struct sockaddr *)&address, &n_bytes);
	switch (address.ss_family) {
	case AF_INET:
		(void)inet_ntop(AF_INET, &ipv4->sin_addr, host, sizeof(host));
		break;
	case AF_INET6:
		if (!IN6_IS_ADDR_V4MAPPED(&ipv6->sin6_addr)) {
			memset(ipv6->sin6_addr.s6_addr + IPV6_NETWORK_BYTES, 0,
			       sizeof(ipv6->sin6_addr) - IPV6_NETWORK_BYTES);
		}
		(void)inet_ntop(AF_INET6, &ipv6->sin6_addr, host, sizeof(host));
		break;
	case AF_UNIX:
		return g_strdup_printf("uid %u", (unsigned)peer_credentials(fd).uid);
	default:
		break;
	}
	return g_strdup(host);
}

bool vit_peer_socket_is_local(int fd)
{
	struct sockaddr_storage address = {0};
	const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)&address;
	const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)&address;
	socklen_t n_bytes = sizeof(address);

	(void)getsockname(fd, (struct sockaddr *)&address, &n_bytes);
	switch (address.ss_family) {
	case AF_INET:
		return ntohl(ipv4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	case AF_INET6:
		return IN6_IS_ADDR_LOOPBACK(&ipv6->sin6_addr);
	default:
		return address.ss_family == AF_UNIX;
	}
}
