/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The render protocol: the checks that both ends make of every message, and sending and receiving
 * one packet with its fds. What is attached is known to the ends alone, so ids are checked there.
 *
 * A packet longer than the largest message is cut by the kernel, which says so; the fds of a packet
 * that is refused are closed here.
 */
#include "encoders/render-protocol.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/error.h"
#include "encoders/surface.h"

G_STATIC_ASSERT(sizeof(VitRenderHeader) == 8);
G_STATIC_ASSERT(sizeof(VitRenderAttachBuffer) == 96);
G_STATIC_ASSERT(sizeof(VitRenderAttachSurface) == 32);
G_STATIC_ASSERT(sizeof(VitRenderReadBack) == 40 + 16 * VIT_RENDER_MAX_RECTS);
G_STATIC_ASSERT(sizeof(VitRenderDone) == 32 + VIT_RENDER_REASON_BYTES);

uint32_t vit_render_bitmap_stride_bytes(uint32_t width)
{
	uint32_t tiles = (width + VIT_TILE_WIDTH - 1) / VIT_TILE_WIDTH;

	return (tiles + 7) / 8;
}

uint32_t vit_render_bitmap_bytes(uint32_t width, uint32_t height)
{
	uint32_t tile_rows = (height + VIT_TILE_HEIGHT - 1) / VIT_TILE_HEIGHT;

	return vit_render_bitmap_stride_bytes(width) * tile_rows;
}

void vit_render_message_seal(VitRenderMessage *message, VitRenderType type, size_t size_bytes)
{
	g_assert(size_bytes <= sizeof(*message));
	message->header = (VitRenderHeader){
		.version = VIT_RENDER_PROTOCOL_VERSION,
		.type = (uint16_t)type,
		.size_bytes = (uint32_t)size_bytes,
	};
}

size_t vit_render_read_back_bytes(uint32_t n_rects)
{
	return offsetof(VitRenderReadBack, rects) + n_rects * sizeof(VitRenderRect);
}

static bool protocol_refuse(GError **error, const char *what)
{
	g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA, "broken render message: %s",
		    what);
	return false;
}

static bool protocol_check_header(const VitRenderMessage *message, size_t n_bytes, GError **error)
{
	if (n_bytes < sizeof(VitRenderHeader)) {
		return protocol_refuse(error, "shorter than its header");
	}
	if (message->header.version != VIT_RENDER_PROTOCOL_VERSION) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "vitrine and vitrine-render are not of one build (protocol %u, here "
			    "%u): restart vitrine",
			    message->header.version, VIT_RENDER_PROTOCOL_VERSION);
		return false;
	}
	if (message->header.size_bytes != n_bytes) {
		return protocol_refuse(error, "its length is not what it says");
	}
	return true;
}

static bool protocol_check_attach_buffer(const VitRenderAttachBuffer *attach, unsigned n_fds,
					 GError **error)
{
	if (attach->buffer_id == 0) {
		return protocol_refuse(error, "buffer without an id");
	}
	if (attach->n_planes < 1 || attach->n_planes > VIT_MAX_PLANES ||
	    attach->n_planes != n_fds) {
		return protocol_refuse(error, "number of planes");
	}
	if (attach->bottom_up > 1 || attach->linear_vouched > 1) {
		return protocol_refuse(error, "flag of a buffer is neither 0 nor 1");
	}
	return true;
}

static bool protocol_check_attach_surface(const VitRenderAttachSurface *attach, unsigned n_fds,
					  GError **error)
{
	if (attach->surface_id == 0) {
		return protocol_refuse(error, "surface without an id");
	}
	if (n_fds != 1) {
		return protocol_refuse(error, "surface without its memory");
	}
	if (attach->width < 1 || attach->width > VIT_BUFFER_MAX_SIDE || attach->height < 1 ||
	    attach->height > VIT_BUFFER_MAX_SIDE) {
		return protocol_refuse(error, "size of a surface");
	}
	if (attach->stride_bytes < attach->width * 4 || attach->stride_bytes % 64 != 0 ||
	    attach->stride_bytes > VIT_BUFFER_MAX_SIDE * 4) {
		return protocol_refuse(error, "stride of a surface");
	}
	return true;
}

static bool protocol_check_rect(const VitRenderRect *rect)
{
	return rect->x >= 0 && rect->y >= 0 && rect->width > 0 && rect->height > 0 &&
	       rect->x < VIT_BUFFER_MAX_SIDE && rect->y < VIT_BUFFER_MAX_SIDE &&
	       rect->width <= VIT_BUFFER_MAX_SIDE - rect->x &&
	       rect->height <= VIT_BUFFER_MAX_SIDE - rect->y;
}

static bool protocol_check_read_back(const VitRenderReadBack *job, size_t n_bytes, GError **error)
{
	if (n_bytes < vit_render_read_back_bytes(0) || job->n_rects > VIT_RENDER_MAX_RECTS ||
	    n_bytes != vit_render_read_back_bytes(job->n_rects)) {
		return protocol_refuse(error, "length of a job");
	}
	if (job->job_id == 0 || job->surface_id == 0 || job->buffer_id == 0) {
		return protocol_refuse(error, "job without an id, a surface or a buffer");
	}
	if ((job->flags & ~(VIT_RENDER_FILL | VIT_RENDER_WHOLE)) != 0) {
		return protocol_refuse(error, "unknown flag of a job");
	}
	if (job->n_rects > 0 && (job->flags & VIT_RENDER_WHOLE) != 0) {
		return protocol_refuse(error, "damage of a job that reads everything");
	}
	for (uint32_t i = 0; i < job->n_rects; i++) {
		if (!protocol_check_rect(&job->rects[i])) {
			return protocol_refuse(error, "damage rectangle");
		}
	}
	return true;
}

/* The length of messages that have only one; 0 for the others. */
static size_t protocol_fixed_bytes(uint16_t type)
{
	switch (type) {
	case VIT_RENDER_ATTACH_BUFFER:
		return sizeof(VitRenderAttachBuffer);
	case VIT_RENDER_ATTACH_SURFACE:
		return sizeof(VitRenderAttachSurface);
	case VIT_RENDER_DETACH_BUFFER:
	case VIT_RENDER_DETACH_SURFACE:
		return sizeof(VitRenderDetach);
	default:
		return 0;
	}
}

bool vit_render_check_request(const VitRenderMessage *message, size_t n_bytes, unsigned n_fds,
			      GError **error)
{
	size_t fixed_bytes;

	if (!protocol_check_header(message, n_bytes, error)) {
		return false;
	}
	fixed_bytes = protocol_fixed_bytes(message->header.type);
	if (fixed_bytes != 0 && n_bytes != fixed_bytes) {
		return protocol_refuse(error, "length");
	}
	if (message->header.type == VIT_RENDER_ATTACH_BUFFER) {
		return protocol_check_attach_buffer(&message->attach_buffer, n_fds, error);
	}
	if (message->header.type == VIT_RENDER_ATTACH_SURFACE) {
		return protocol_check_attach_surface(&message->attach_surface, n_fds, error);
	}
	if (n_fds != 0) {
		return protocol_refuse(error, "file descriptors where none belong");
	}
	switch (message->header.type) {
	case VIT_RENDER_DETACH_BUFFER:
	case VIT_RENDER_DETACH_SURFACE:
		return true;
	case VIT_RENDER_READ_BACK:
		return protocol_check_read_back(&message->read_back, n_bytes, error);
	default:
		return protocol_refuse(error, "unknown type of request");
	}
}

bool vit_render_check_reply(const VitRenderMessage *message, size_t n_bytes, unsigned n_fds,
			    GError **error)
{
	const VitRenderDone *done = &message->done.done;

	if (!protocol_check_header(message, n_bytes, error)) {
		return false;
	}
	if (message->header.type != VIT_RENDER_DONE) {
		return protocol_refuse(error, "unknown type of answer");
	}
	if (n_fds != 0) {
		return protocol_refuse(error, "file descriptors where none belong");
	}
	if (n_bytes < sizeof(*done) || n_bytes - sizeof(*done) != done->bitmap_bytes) {
		return protocol_refuse(error, "length of an answer");
	}
	if (done->status > VIT_RENDER_VANISHED) {
		return protocol_refuse(error, "unknown status");
	}
	if (!memchr(done->reason, 0, sizeof(done->reason)) ||
	    !g_utf8_validate(done->reason, -1, NULL)) {
		return protocol_refuse(error, "reason that is no text");
	}
	return true;
}

VitRenderTransfer vit_render_send(int socket_fd, const VitRenderMessage *message, const int *fds,
				  unsigned n_fds)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * VIT_MAX_PLANES)];
	} control = {0};
	struct iovec part = {(void *)message, message->header.size_bytes};
	struct msghdr packet = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t sent;

	g_assert(n_fds <= VIT_MAX_PLANES);
	if (n_fds > 0) {
		packet.msg_control = &control;
		packet.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * n_fds);
	}
	do {
		sent = sendmsg(socket_fd, &packet, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	if (sent >= 0) {
		return VIT_RENDER_TRANSFER_DONE;
	}
	return errno == EAGAIN ? VIT_RENDER_TRANSFER_AGAIN : VIT_RENDER_TRANSFER_ENDED;
}

static void protocol_take_fds(struct msghdr *received, VitRenderPacket *packet)
{
	for (struct cmsghdr *part = CMSG_FIRSTHDR(received); part;
	     part = CMSG_NXTHDR(received, part)) {
		if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS) {
			packet->n_fds = (unsigned)((part->cmsg_len - CMSG_LEN(0)) / sizeof(int));
			memcpy(packet->fds, CMSG_DATA(part), packet->n_fds * sizeof(int));
		}
	}
}

VitRenderTransfer vit_render_receive(int socket_fd, VitRenderPacket *ret_packet)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * VIT_MAX_PLANES)];
	} control;
	struct iovec part = {&ret_packet->message, sizeof(ret_packet->message)};
	struct msghdr packet = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t received;

	do {
		received = recvmsg(socket_fd, &packet, MSG_CMSG_CLOEXEC);
	} while (received < 0 && errno == EINTR);
	if (received < 0) {
		return errno == EAGAIN ? VIT_RENDER_TRANSFER_AGAIN : VIT_RENDER_TRANSFER_ENDED;
	}
	ret_packet->n_bytes = (size_t)received;
	ret_packet->n_fds = 0;
	protocol_take_fds(&packet, ret_packet);
	if ((packet.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		vit_render_packet_close_fds(ret_packet);
		return VIT_RENDER_TRANSFER_BAD;
	}
	/* An empty packet and the end look the same; neither is a message. */
	if (received == 0) {
		vit_render_packet_close_fds(ret_packet);
		return VIT_RENDER_TRANSFER_ENDED;
	}
	return VIT_RENDER_TRANSFER_DONE;
}

void vit_render_packet_close_fds(VitRenderPacket *packet)
{
	for (unsigned i = 0; i < packet->n_fds; i++) {
		(void)close(packet->fds[i]);
	}
	packet->n_fds = 0;
}
