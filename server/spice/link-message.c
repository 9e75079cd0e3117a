/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * libspice-server reads the same bytes again and judges them itself; this refuses what would mean
 * something else to it than to us. A main channel with a connection id is one: the library takes it
 * for a migration and throws out the viewer that has the id.
 */
#include "server/spice/link-message.h"

#include <glib.h>
#include <spice/enums.h>
#include <spice/protocol.h>
#include <string.h>

G_STATIC_ASSERT(sizeof(SpiceLinkHeader) + 4096 == VIT_SPICE_LINK_MAX_BYTES);

static uint32_t read_u32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return GUINT32_FROM_LE(value);
}

/* Whether bit @cap is set in the capabilities of the channel. @size_bytes is all that there is. */
static bool has_channel_cap(const uint8_t *message, uint32_t size_bytes, unsigned cap)
{
	uint32_t n_common = read_u32(message + offsetof(SpiceLinkMess, num_common_caps));
	uint32_t n_channel = read_u32(message + offsetof(SpiceLinkMess, num_channel_caps));
	uint32_t offset_bytes = read_u32(message + offsetof(SpiceLinkMess, caps_offset));
	uint64_t word_bytes = (uint64_t)offset_bytes + ((uint64_t)n_common + cap / 32) * 4;

	return cap / 32 < n_channel && word_bytes + 4 <= size_bytes &&
	       (read_u32(message + word_bytes) >> cap % 32 & 1) != 0;
}

static const char *refuse_header(const uint8_t *bytes)
{
	uint32_t size_bytes = read_u32(bytes + offsetof(SpiceLinkHeader, size));

	if (read_u32(bytes + offsetof(SpiceLinkHeader, magic)) != GUINT32_FROM_LE(SPICE_MAGIC)) {
		return "it does not speak SPICE";
	}
	if (read_u32(bytes + offsetof(SpiceLinkHeader, major_version)) != SPICE_VERSION_MAJOR) {
		return "it speaks another version of SPICE than 2";
	}
	if (size_bytes < sizeof(SpiceLinkMess) ||
	    size_bytes > VIT_SPICE_LINK_MAX_BYTES - sizeof(SpiceLinkHeader)) {
		return "its link message has an impossible size";
	}
	return NULL;
}

VitSpiceLinkState vit_spice_link_read(const uint8_t *bytes, size_t n_bytes, VitSpiceLink *ret_link,
				      const char **ret_reason)
{
	const uint8_t *message;
	const char *reason;
	uint32_t size_bytes;
	VitSpiceLink link;

	if (n_bytes < sizeof(SpiceLinkHeader)) {
		return VIT_SPICE_LINK_INCOMPLETE;
	}
	reason = refuse_header(bytes);
	if (reason) {
		*ret_reason = reason;
		return VIT_SPICE_LINK_REFUSED;
	}
	size_bytes = read_u32(bytes + offsetof(SpiceLinkHeader, size));
	if (n_bytes - sizeof(SpiceLinkHeader) < size_bytes) {
		return VIT_SPICE_LINK_INCOMPLETE;
	}
	message = bytes + sizeof(SpiceLinkHeader);
	link.connection_id = read_u32(message + offsetof(SpiceLinkMess, connection_id));
	link.channel_type = message[offsetof(SpiceLinkMess, channel_type)];
	link.channel_id = message[offsetof(SpiceLinkMess, channel_id)];
	link.takes_buffers = link.channel_type == SPICE_CHANNEL_DISPLAY &&
			     has_channel_cap(message, size_bytes, SPICE_DISPLAY_CAP_GL_SCANOUT);
	if ((link.connection_id == 0) != (link.channel_type == SPICE_CHANNEL_MAIN)) {
		*ret_reason = "only a main channel begins a session, and it begins a new one";
		return VIT_SPICE_LINK_REFUSED;
	}
	*ret_link = link;
	return VIT_SPICE_LINK_COMPLETE;
}
