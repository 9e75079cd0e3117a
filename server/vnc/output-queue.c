/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/vnc/output-queue.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

void vit_output_queue_init(VitOutputQueue *self, size_t capacity_bytes)
{
	*self = (VitOutputQueue){
		.ring = g_malloc(capacity_bytes),
		.capacity_bytes = capacity_bytes,
	};
}

void vit_output_queue_clear(VitOutputQueue *self)
{
	g_free(self->ring);
	*self = (VitOutputQueue){0};
}

/* The part of the ring of @n_bytes from @start on, as at most two pieces. */
static unsigned ring_pieces(const VitOutputQueue *self, size_t start, size_t n_bytes,
			    struct iovec ret_pieces[static 2])
{
	size_t first = MIN(n_bytes, self->capacity_bytes - start);

	ret_pieces[0] = (struct iovec){self->ring + start, first};
	ret_pieces[1] = (struct iovec){self->ring, n_bytes - first};
	return n_bytes > first ? 2 : 1;
}

static unsigned free_pieces(const VitOutputQueue *self, size_t n_bytes, struct iovec *ret_pieces)
{
	return ring_pieces(self, (self->start + self->n_bytes) % self->capacity_bytes, n_bytes,
			   ret_pieces);
}

bool vit_output_queue_append(VitOutputQueue *self, const void *bytes, size_t n_bytes)
{
	struct iovec pieces[2];

	if (n_bytes > self->capacity_bytes - self->n_bytes) {
		return false;
	}
	(void)free_pieces(self, n_bytes, pieces);
	memcpy(pieces[0].iov_base, bytes, pieces[0].iov_len);
	memcpy(pieces[1].iov_base, (const uint8_t *)bytes + pieces[0].iov_len, pieces[1].iov_len);
	self->n_bytes += n_bytes;
	return true;
}

static VitOutputResult output_result(ssize_t n_bytes)
{
	if (n_bytes > 0) {
		return VIT_OUTPUT_PROGRESS;
	}
	if (n_bytes == 0) {
		return VIT_OUTPUT_END;
	}
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? VIT_OUTPUT_BLOCKED
									 : VIT_OUTPUT_FAILED;
}

VitOutputResult vit_output_queue_read_from(VitOutputQueue *self, int fd)
{
	size_t room = self->capacity_bytes - self->n_bytes;
	struct iovec pieces[2];
	ssize_t n_bytes;

	if (room == 0) {
		return VIT_OUTPUT_BLOCKED;
	}
	n_bytes = readv(fd, pieces, (int)free_pieces(self, room, pieces));
	if (n_bytes > 0) {
		self->n_bytes += (size_t)n_bytes;
	}
	return output_result(n_bytes);
}

VitOutputResult vit_output_queue_write_to(VitOutputQueue *self, int fd)
{
	struct iovec pieces[2];
	struct msghdr message = {.msg_iov = pieces};
	ssize_t n_bytes;

	if (self->n_bytes == 0) {
		return VIT_OUTPUT_BLOCKED;
	}
	message.msg_iovlen = ring_pieces(self, self->start, self->n_bytes, pieces);
	n_bytes = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n_bytes > 0) {
		self->start = (self->start + (size_t)n_bytes) % self->capacity_bytes;
		self->n_bytes -= (size_t)n_bytes;
	}
	return output_result(n_bytes);
}
