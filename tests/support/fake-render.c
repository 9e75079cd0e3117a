/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * A vitrine-render that talks nonsense: it answers each readback as VIT_FAKE_RENDER_SAYS says.
 * It ends as the real one does, when the connection ends.
 */
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "encoders/render-protocol.h"

#define SOCKET_FD VIT_RENDER_SOCKET_FD

static VitRenderPacket packet;
static VitRenderMessage reply;
static uint32_t bitmap_bytes;

static size_t make_reply(void)
{
	size_t n_bytes = sizeof(VitRenderDone) + bitmap_bytes;

	reply.done.done.job_id = packet.message.read_back.job_id;
	reply.done.done.bitmap_bytes = bitmap_bytes;
	vit_render_message_seal(&reply, VIT_RENDER_DONE, n_bytes);
	return n_bytes;
}

static void say(const void *bytes, size_t n_bytes)
{
	(void)send(SOCKET_FD, bytes, n_bytes, MSG_NOSIGNAL);
}

static void answer(const char *kind)
{
	static uint8_t long_packet[sizeof(VitRenderMessage) + 1];
	int fd = 0;
	size_t n_bytes = make_reply();

	if (strcmp(kind, "garbage") == 0) {
		memset(&reply, 0xa5, n_bytes);
		say(&reply, n_bytes);
	} else if (strcmp(kind, "short") == 0) {
		say(&reply, n_bytes - 1);
	} else if (strcmp(kind, "long") == 0) {
		say(long_packet, sizeof(long_packet));
	} else if (strcmp(kind, "next-job") == 0) {
		reply.done.done.job_id++;
		say(&reply, n_bytes);
	} else if (strcmp(kind, "no-job") == 0) {
		reply.done.done.job_id = 0;
		say(&reply, n_bytes);
	} else if (strcmp(kind, "wrong-size") == 0) {
		bitmap_bytes++;
		say(&reply, make_reply());
	} else if (strcmp(kind, "with-fds") == 0) {
		(void)vit_render_send(SOCKET_FD, &reply, &fd, 1);
	} else if (strcmp(kind, "hang-up") == 0) {
		(void)shutdown(SOCKET_FD, SHUT_RDWR);
	}
}

int main(void)
{
	const char *kind = g_getenv("VIT_FAKE_RENDER_SAYS");

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (vit_render_receive(SOCKET_FD, &packet) == VIT_RENDER_TRANSFER_DONE) {
		vit_render_packet_close_fds(&packet);
		if (packet.message.header.type == VIT_RENDER_ATTACH_SURFACE) {
			bitmap_bytes =
				vit_render_bitmap_bytes(packet.message.attach_surface.width,
							packet.message.attach_surface.height);
		} else if (packet.message.header.type == VIT_RENDER_READ_BACK) {
			answer(kind);
		}
	}
	return 0;
}
