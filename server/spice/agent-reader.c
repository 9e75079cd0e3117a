/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/spice/agent-reader.h"

#include <glib.h>
#include <spice/vd_agent.h>
#include <string.h>

G_STATIC_ASSERT(sizeof(VDIChunkHeader) == sizeof(((VitSpiceAgentReader *)NULL)->chunk));
G_STATIC_ASSERT(sizeof(VDAgentMessage) + VIT_SPICE_AGENT_KEPT_BYTES ==
		sizeof(((VitSpiceAgentStream *)NULL)->bytes));

static uint32_t read_u32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return GUINT32_FROM_LE(value);
}

/* The size of the message that is being read: of its header, until that has come. */
static uint64_t stream_message_bytes(const VitSpiceAgentStream *stream)
{
	if (stream->n_bytes < sizeof(VDAgentMessage)) {
		return sizeof(VDAgentMessage);
	}
	return sizeof(VDAgentMessage) +
	       (uint64_t)read_u32(stream->bytes + offsetof(VDAgentMessage, size));
}

static void stream_take(VitSpiceAgentReader *self, VitSpiceAgentPort port, const uint8_t *bytes,
			size_t n_bytes)
{
	VitSpiceAgentStream *stream = &self->streams[port];

	while (n_bytes > 0) {
		size_t n_part = MIN(n_bytes, stream_message_bytes(stream) - stream->n_bytes);

		if (stream->n_bytes < sizeof(stream->bytes)) {
			memcpy(stream->bytes + stream->n_bytes, bytes,
			       MIN(n_part, sizeof(stream->bytes) - stream->n_bytes));
		}
		stream->n_bytes += n_part;
		bytes += n_part;
		n_bytes -= n_part;
		if (stream->n_bytes >= sizeof(VDAgentMessage) &&
		    stream->n_bytes == stream_message_bytes(stream)) {
			self->message(self->user_data, port,
				      read_u32(stream->bytes + offsetof(VDAgentMessage, type)),
				      stream->bytes + sizeof(VDAgentMessage),
				      MIN(stream->n_bytes, sizeof(stream->bytes)) -
					      sizeof(VDAgentMessage));
			stream->n_bytes = 0;
		}
	}
}

void vit_spice_agent_reader_take(VitSpiceAgentReader *self, const uint8_t *bytes, size_t n_bytes)
{
	while (n_bytes > 0) {
		size_t n_part;

		if (self->n_chunk_bytes < sizeof(self->chunk)) {
			self->chunk[self->n_chunk_bytes++] = *bytes++;
			n_bytes--;
			self->n_left_bytes = read_u32(self->chunk + offsetof(VDIChunkHeader, size));
		} else {
			uint32_t port = read_u32(self->chunk + offsetof(VDIChunkHeader, port));

			n_part = MIN(n_bytes, self->n_left_bytes);
			if (port == VDP_CLIENT_PORT || port == VDP_SERVER_PORT) {
				stream_take(self,
					    port == VDP_CLIENT_PORT ? VIT_SPICE_AGENT_CLIENT
								    : VIT_SPICE_AGENT_SERVER,
					    bytes, n_part);
			}
			self->n_left_bytes -= n_part;
			bytes += n_part;
			n_bytes -= n_part;
		}
		if (self->n_chunk_bytes == sizeof(self->chunk) && self->n_left_bytes == 0) {
			self->n_chunk_bytes = 0;
		}
	}
}
