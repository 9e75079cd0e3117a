/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The display socket's messages: which there are, how long they may be and how many fds they have;
 * and receiving from it.
 *
 * On a stream, fds come with the bytes that were sent together with them. Who reads no further than
 * the end of a message therefore never gets the fds of the next.
 */
#include "sources/display-wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/error.h"
#include "sources/input.h"

G_STATIC_ASSERT(sizeof(VitDisplayHeader) == 12);
G_STATIC_ASSERT(sizeof(VitDisplayCursorUpdate) == 16404);
G_STATIC_ASSERT(sizeof(VitDisplayUpdate) == 20);
G_STATIC_ASSERT(sizeof(VitDisplayDmabufScanout) == 40);
G_STATIC_ASSERT(sizeof(VitDisplayDmabufScanout2) == 48);
G_STATIC_ASSERT(sizeof(VitDisplayPlanes) == 80);
G_STATIC_ASSERT(sizeof(VitDisplayInfo) == 408);
G_STATIC_ASSERT(sizeof(VitDisplayEdid) == 1056);
G_STATIC_ASSERT(sizeof(VitDisplayInput) == 24);

#define WIRE_PIXEL_BYTES 4

typedef struct WireRule {
	VitDisplayRequest request;
	const char *name;
	uint32_t n_bytes; /* of the payload; UPDATE has pixels behind them */
	unsigned max_fds;
	uint64_t feature; /* that must be agreed on; 0: none */
} WireRule;

static const WireRule wire_rules[] = {
	{VIT_DISPLAY_GET_PROTOCOL_FEATURES, "GET_PROTOCOL_FEATURES", 0, 0, 0},
	{VIT_DISPLAY_SET_PROTOCOL_FEATURES, "SET_PROTOCOL_FEATURES", sizeof(VitDisplayFeatures), 0,
	 0},
	{VIT_DISPLAY_GET_DISPLAY_INFO, "GET_DISPLAY_INFO", 0, 0, 0},
	{VIT_DISPLAY_CURSOR_POS, "CURSOR_POS", sizeof(VitDisplayCursorPos), 0, 0},
	{VIT_DISPLAY_CURSOR_POS_HIDE, "CURSOR_POS_HIDE", sizeof(VitDisplayCursorPos), 0, 0},
	{VIT_DISPLAY_CURSOR_UPDATE, "CURSOR_UPDATE", sizeof(VitDisplayCursorUpdate), 0, 0},
	{VIT_DISPLAY_SCANOUT, "SCANOUT", sizeof(VitDisplayScanout), 0, 0},
	{VIT_DISPLAY_UPDATE, "UPDATE", sizeof(VitDisplayUpdate), 0, 0},
	{VIT_DISPLAY_DMABUF_SCANOUT, "DMABUF_SCANOUT", sizeof(VitDisplayDmabufScanout), 1, 0},
	{VIT_DISPLAY_DMABUF_UPDATE, "DMABUF_UPDATE", sizeof(VitDisplayUpdate), 0, 0},
	{VIT_DISPLAY_GET_EDID, "GET_EDID", sizeof(VitDisplayGetEdid), 0, 0},
	{VIT_DISPLAY_DMABUF_SCANOUT2, "DMABUF_SCANOUT2", sizeof(VitDisplayDmabufScanout2), 1, 0},
	{VIT_DISPLAY_DMABUF_SCANOUT_PLANES, "DMABUF_SCANOUT_PLANES", sizeof(VitDisplayPlanes),
	 VIT_MAX_PLANES, VIT_DISPLAY_PLANES},
	{VIT_DISPLAY_INPUT_STATE, "INPUT_STATE", sizeof(VitDisplayInputState), 0,
	 VIT_DISPLAY_INPUT},
};

static const WireRule *wire_find_rule(uint32_t request)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(wire_rules); i++) {
		if (wire_rules[i].request == request) {
			return &wire_rules[i];
		}
	}
	return NULL;
}

const char *vit_display_request_name(uint32_t request)
{
	const WireRule *rule = wire_find_rule(request);

	return rule ? rule->name : "unknown request";
}

bool vit_display_check_header(const VitDisplayHeader *header, uint64_t features, GError **error)
{
	const WireRule *rule = wire_find_rule(header->request);

	if (!rule) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "request %u of %u bytes is not one that is known here", header->request,
			    header->size_bytes);
		return false;
	}
	if ((header->flags & VIT_DISPLAY_IS_REPLY) != 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "%s is marked as an answer, and nothing was asked", rule->name);
		return false;
	}
	if ((features & rule->feature) != rule->feature) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "%s belongs to a feature that was not agreed on", rule->name);
		return false;
	}
	if (header->request == VIT_DISPLAY_UPDATE ? header->size_bytes < rule->n_bytes
						  : header->size_bytes != rule->n_bytes) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "%s of %u bytes: it must be %s%u", rule->name, header->size_bytes,
			    header->request == VIT_DISPLAY_UPDATE ? "at least " : "",
			    rule->n_bytes);
		return false;
	}
	return true;
}

uint32_t vit_display_fixed_bytes(const VitDisplayHeader *header)
{
	const WireRule *rule = wire_find_rule(header->request);

	return rule ? rule->n_bytes : 0;
}

static bool wire_check_update(const VitDisplayHeader *header, const VitDisplayUpdate *update,
			      GError **error)
{
	/* Sides that are checked first make a product that cannot overflow. */
	if (update->width > VIT_BUFFER_MAX_SIDE || update->height > VIT_BUFFER_MAX_SIDE ||
	    sizeof(*update) + (uint64_t)update->width * update->height * WIRE_PIXEL_BYTES !=
		    header->size_bytes) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "UPDATE of %ux%u pixels in %u bytes: %zu and 4 a pixel are expected, "
			    "and sides of at most %u",
			    update->width, update->height, header->size_bytes, sizeof(*update),
			    VIT_BUFFER_MAX_SIDE);
		return false;
	}
	return true;
}

static bool wire_check_input_state(const VitDisplayInputState *state, GError **error)
{
	const uint32_t leds = VIT_LED_SCROLL_LOCK | VIT_LED_NUM_LOCK | VIT_LED_CAPS_LOCK;

	if (state->absolute > 1 || (state->leds & ~leds) != 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "INPUT_STATE with %u for absolute and 0x%x for the lights",
			    state->absolute, state->leds);
		return false;
	}
	return true;
}

static bool wire_check_planes(const VitDisplayPlanes *planes, unsigned n_fds, GError **error)
{
	if (planes->n_planes < 1 || planes->n_planes > VIT_MAX_PLANES ||
	    planes->n_planes != n_fds || (planes->flags & ~VIT_DISPLAY_BOTTOM_UP) != 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "DMABUF_SCANOUT_PLANES of %u planes with %u file descriptors and flags "
			    "0x%x: 1 to %u planes with one each, and flag 0x%x, are possible",
			    planes->n_planes, n_fds, planes->flags, VIT_MAX_PLANES,
			    VIT_DISPLAY_BOTTOM_UP);
		return false;
	}
	return true;
}

/* Every message of one head begins with its number. */
static bool wire_check_head(const WireRule *rule, const VitDisplayPayload *payload, GError **error)
{
	bool has_head = rule->n_bytes != 0 && rule->request != VIT_DISPLAY_SET_PROTOCOL_FEATURES;
	uint32_t head = payload->scanout.head;

	if (has_head && head >= VIT_DISPLAY_MAX_HEADS) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "%s for scanout %u: the last one possible is %u", rule->name, head,
			    VIT_DISPLAY_MAX_HEADS - 1);
		return false;
	}
	return true;
}

bool vit_display_check_payload(const VitDisplayHeader *header, const VitDisplayPayload *payload,
			       unsigned n_fds, GError **error)
{
	const WireRule *rule = wire_find_rule(header->request);

	g_assert(rule);
	if (n_fds > rule->max_fds) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "%s with %u file descriptors: it has at most %u", rule->name, n_fds,
			    rule->max_fds);
		return false;
	}
	if (!wire_check_head(rule, payload, error)) {
		return false;
	}
	switch (rule->request) {
	case VIT_DISPLAY_UPDATE:
		return wire_check_update(header, &payload->update, error);
	case VIT_DISPLAY_INPUT_STATE:
		return wire_check_input_state(&payload->input_state, error);
	case VIT_DISPLAY_DMABUF_SCANOUT_PLANES:
		return wire_check_planes(&payload->planes, n_fds, error);
	default:
		return true;
	}
}

void vit_display_fds_close(VitDisplayFds *self)
{
	for (unsigned i = 0; i < self->n_fds; i++) {
		(void)close(self->fds[i]);
	}
	self->n_fds = 0;
}

/* Returns false, with all closed, where there is no room. */
static bool wire_take_fds(struct msghdr *received, VitDisplayFds *fds)
{
	bool fit = (received->msg_flags & MSG_CTRUNC) == 0;

	for (struct cmsghdr *part = CMSG_FIRSTHDR(received); part;
	     part = CMSG_NXTHDR(received, part)) {
		unsigned n = 0;

		if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS) {
			n = (unsigned)((part->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		}
		for (unsigned i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
			if (fds->n_fds < G_N_ELEMENTS(fds->fds)) {
				fds->fds[fds->n_fds++] = fd;
			} else {
				fit = false;
				(void)close(fd);
			}
		}
	}
	if (!fit) {
		vit_display_fds_close(fds);
	}
	return fit;
}

VitDisplayTransfer vit_display_receive(int socket_fd, struct iovec *parts, unsigned n_parts,
				       VitDisplayFds *fds, size_t *ret_n_bytes)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int) * VIT_MAX_PLANES)];
	} control;
	struct msghdr message = {
		.msg_iov = parts,
		.msg_iovlen = n_parts,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t received;

	do {
		received = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	} while (received < 0 && errno == EINTR);
	if (received < 0) {
		return errno == EAGAIN ? VIT_DISPLAY_TRANSFER_AGAIN : VIT_DISPLAY_TRANSFER_ENDED;
	}
	if (!wire_take_fds(&message, fds)) {
		return VIT_DISPLAY_TRANSFER_TOO_MANY;
	}
	*ret_n_bytes = (size_t)received;
	return received > 0 ? VIT_DISPLAY_TRANSFER_DONE : VIT_DISPLAY_TRANSFER_ENDED;
}
