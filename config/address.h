/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * VitAddress: where to listen. Only numeric addresses: to resolve a name would block, and would
 * leave open which of its addresses was meant.
 */

#define VIT_ADDRESS_MAX_HOST 46 /* bytes with the NUL; as INET6_ADDRSTRLEN */

typedef struct VitAddress {
	char host[VIT_ADDRESS_MAX_HOST]; /* "127.0.0.1" or "::1", without brackets */
	uint16_t port;                   /* 1 to 65535 */
	bool is_ipv6;
} VitAddress;

/* Reads "127.0.0.1:5900" or "[::1]:5900". Returns false where the text is neither. */
bool vit_address_parse(const char *text, VitAddress *ret_address);

/* Whether only this machine can reach it: 127.0.0.0/8, ::1, and the first mapped into IPv6. */
bool vit_address_is_loopback(const VitAddress *self);
