/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The render protocol, as vitrine-render reads it and as vitrine does. The input is a row of
 * requests: one byte of how many fds come with it, one byte of its type, two of its length behind
 * the header (lowest first), and that much; the header is made here. Each fd is a small sealed
 * memfd. A last request may be cut short.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "encoders/render/control.h"
#include "tests/fuzz/target.h"

#define FUZZ_MEMORY_BYTES (256 * 1024)
#define FUZZ_LEAD_BYTES   4

static int fuzz_make_memory(void)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	g_assert_cmpint(ftruncate(fd, FUZZ_MEMORY_BYTES), ==, 0);
	g_assert_cmpint(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), ==, 0);
	return fd;
}

/* Makes the next packet of the input. Returns the bytes used; 0: there is no further one. */
static size_t fuzz_next(const uint8_t *bytes, size_t n_bytes, VitRenderPacket *packet)
{
	size_t length;

	if (n_bytes < FUZZ_LEAD_BYTES) {
		return 0;
	}
	length = MIN(bytes[2] | (size_t)bytes[3] << 8, n_bytes - FUZZ_LEAD_BYTES);
	packet->n_bytes = MIN(sizeof(VitRenderHeader) + length, sizeof(packet->message));
	vit_render_message_seal(&packet->message, (VitRenderType)bytes[1], packet->n_bytes);
	memcpy((uint8_t *)&packet->message + sizeof(VitRenderHeader), bytes + FUZZ_LEAD_BYTES,
	       packet->n_bytes - sizeof(VitRenderHeader));
	packet->n_fds = MIN(bytes[0], VIT_MAX_PLANES);
	for (unsigned i = 0; i < packet->n_fds; i++) {
		packet->fds[i] = fuzz_make_memory();
	}
	return FUZZ_LEAD_BYTES + length;
}

/* An answer must be one that the other end accepts. */
static void fuzz_check_reply(const VitRenderMessage *reply)
{
	g_autoptr(GError) error = NULL;

	(void)vit_render_check_reply(reply, reply->header.size_bytes, 0, &error);
	g_assert_no_error(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
	g_autoptr(VitControl) control = vit_control_new();
	g_autofree VitRenderPacket *packet = g_new0(VitRenderPacket, 1);
	bool obeyed = true;
	size_t used;

	while (obeyed && (used = fuzz_next(bytes, n_bytes, packet)) > 0) {
		const VitRenderMessage *reply = NULL;
		g_autoptr(GError) as_request = NULL, as_reply = NULL;

		(void)vit_render_check_reply(&packet->message, packet->n_bytes, packet->n_fds,
					     &as_reply);
		obeyed = vit_control_handle(control, packet, &reply, &as_request);
		g_assert_true(obeyed == !as_request);
		g_assert_cmpuint(packet->n_fds, ==, 0);
		if (reply) {
			fuzz_check_reply(reply);
		}
		bytes += used;
		n_bytes -= used;
	}
	return 0;
}
