/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Numeric socket addresses as people write them. The C library's parser decides what an address is;
 * this file only finds the host and the port, and knows what loopback means.
 */
#include "config/address.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>

/* Copies @n_bytes of a host, if it can be one at all. */
static bool copy_host(const char *host, size_t n_bytes, char ret_host[static VIT_ADDRESS_MAX_HOST])
{
	if (n_bytes == 0 || n_bytes >= VIT_ADDRESS_MAX_HOST) {
		return false;
	}
	memcpy(ret_host, host, n_bytes);
	ret_host[n_bytes] = '\0';
	return true;
}

bool vit_address_parse(const char *text, VitAddress *ret_address)
{
	VitAddress address = {.is_ipv6 = text[0] == '['};
	uint8_t binary[sizeof(struct in6_addr)];
	const char *host = text, *host_end, *port;
	guint64 number;

	if (address.is_ipv6) {
		host++;
		host_end = strchr(host, ']');
		port = host_end ? host_end + 1 : NULL;
	} else {
		host_end = strchr(host, ':');
		port = host_end;
	}
	if (!port || *port != ':' || !copy_host(host, (size_t)(host_end - host), address.host)) {
		return false;
	}
	if (inet_pton(address.is_ipv6 ? AF_INET6 : AF_INET, address.host, binary) != 1 ||
	    !g_ascii_string_to_unsigned(port + 1, 10, 1, UINT16_MAX, &number, NULL)) {
		return false;
	}
	address.port = (uint16_t)number;
	*ret_address = address;
	return true;
}

bool vit_address_is_loopback(const VitAddress *self)
{
	struct in_addr ipv4;
	struct in6_addr ipv6;

	if (!self->is_ipv6) {
		return inet_pton(AF_INET, self->host, &ipv4) == 1 &&
		       ntohl(ipv4.s_addr) >> 24 == IN_LOOPBACKNET;
	}
	return inet_pton(AF_INET6, self->host, &ipv6) == 1 &&
	       (IN6_IS_ADDR_LOOPBACK(&ipv6) ||
		(IN6_IS_ADDR_V4MAPPED(&ipv6) && ipv6.s6_addr[12] == IN_LOOPBACKNET));
}
