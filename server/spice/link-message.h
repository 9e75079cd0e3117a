/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The first message on a SPICE socket, which says whose it is. Pure; thread: any.
 * Spec: spice-protocol, SpiceLinkHeader and SpiceLinkMess (little endian).
 */

/* The most that a link message has: header, message and capabilities. libspice-server's limit. */
#define VIT_SPICE_LINK_MAX_BYTES (16 + 4096)

typedef struct VitSpiceLink {
	uint32_t connection_id; /* of the session that the socket joins; 0: it begins one */
	uint8_t channel_type;   /* SPICE_CHANNEL_…; MAIN exactly where the id is 0 */
	uint8_t channel_id;
	bool takes_buffers; /* a display channel that can show fds */
} VitSpiceLink;

typedef enum VitSpiceLinkState {
	VIT_SPICE_LINK_INCOMPLETE,
	VIT_SPICE_LINK_COMPLETE,
	VIT_SPICE_LINK_REFUSED,
} VitSpiceLinkState;

/*
 * Reads a link message from the first bytes of a socket; what follows it is passed over. *ret_link
 * is set only when it is complete, *ret_reason, a constant sentence, only when it is refused.
 */
VitSpiceLinkState vit_spice_link_read(const uint8_t *bytes, size_t n_bytes, VitSpiceLink *ret_link,
				      const char **ret_reason);
