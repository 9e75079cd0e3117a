/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * VitSpiceAgentReader: takes apart what is written to a vdagent: chunks, of which those of the
 * server and those of the viewer have a stream of messages each. Of a message only the beginning is
 * kept; sizes are counted, never allocated. Pure. Embedded; all zeroes, and message, is ready.
 * Spec: spice-protocol, vd_agent.h (little endian).
 */

/* Of a message's body, that is kept. */
#define VIT_SPICE_AGENT_KEPT_BYTES 64

typedef enum VitSpiceAgentPort {
	VIT_SPICE_AGENT_CLIENT, /* the viewer: anything may come */
	VIT_SPICE_AGENT_SERVER,
	VIT_SPICE_AGENT_PORTS,
} VitSpiceAgentPort;

/* A whole message has come. @body is its beginning. */
typedef void (*VitSpiceAgentMessage)(void *user_data, VitSpiceAgentPort port, uint32_t type,
				     const uint8_t *body, size_t n_body_bytes);

typedef struct VitSpiceAgentStream {
	uint8_t bytes[20 + VIT_SPICE_AGENT_KEPT_BYTES]; /* header and beginning of the body */
	uint64_t n_bytes;                               /* of the message, that have come */
} VitSpiceAgentStream;

typedef struct VitSpiceAgentReader {
	VitSpiceAgentMessage message;
	void *user_data;
	uint8_t chunk[8]; /* header */
	unsigned n_chunk_bytes;
	uint32_t n_left_bytes; /* of the chunk, once its header is complete */
	VitSpiceAgentStream streams[VIT_SPICE_AGENT_PORTS];
} VitSpiceAgentReader;

void vit_spice_agent_reader_take(VitSpiceAgentReader *self, const uint8_t *bytes, size_t n_bytes);
