/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * A display socket for the bodies of source.c: a producer in the same process that shows a new
 * picture every few milliseconds, on each head, and waits for its acknowledgement as a guest does.
 */
#include <drm_fourcc.h>

#include "config/fd.h"
#include "tests/conformance/source-machines.h"
#include "tests/support/display-rig.h"

#define PLAYER_TICK_MS 5
#define PLAYER_WIDTH   64
#define PLAYER_HEIGHT  48
#define PLAYER_BYTES   (PLAYER_WIDTH * PLAYER_HEIGHT * 4)

typedef struct Player {
	VitFakeProducer *producer;
	const VitConformingDisplay *options;
	guint timer;
	unsigned connections; /* of the producer, when it was last looked at */
	unsigned unanswered;  /* pictures */
} Player;

static void player_send_pixels(Player *self, uint32_t head, bool is_first)
{
	const VitDisplayScanout scanout = {head, PLAYER_WIDTH, PLAYER_HEIGHT};
	static const struct {
		VitDisplayUpdate update;
		uint32_t pixels[2 * 2];
	} update = {.update = {.x = 3, .y = 4, .width = 2, .height = 2}};
	g_autofree uint8_t *message = g_memdup2(&update, sizeof(update));

	if (is_first) {
		vit_fake_producer_send(self->producer, VIT_DISPLAY_SCANOUT, &scanout,
				       sizeof(scanout));
	}
	((VitDisplayUpdate *)message)->head = head;
	vit_fake_producer_send(self->producer, VIT_DISPLAY_UPDATE, message, sizeof(update));
	/* Pixels are not acknowledged, but a question behind them is answered after them. */
	vit_fake_producer_send(self->producer, VIT_DISPLAY_GET_PROTOCOL_FEATURES, NULL, 0);
	self->unanswered++;
}

static void player_send_planes(Player *self, uint32_t head, bool is_first)
{
	const VitDisplayPlanes planes = {
		.head = head,
		.width = PLAYER_WIDTH,
		.height = PLAYER_HEIGHT,
		.fd_width = PLAYER_WIDTH,
		.fd_height = PLAYER_HEIGHT,
		.fourcc = DRM_FORMAT_XRGB8888,
		.n_planes = 1,
		.modifier = DRM_FORMAT_MOD_LINEAR,
		.stride_bytes = {PLAYER_WIDTH * 4},
	};
	const VitDisplayUpdate update = {head, 0, 0, PLAYER_WIDTH, PLAYER_HEIGHT};

	if (is_first) {
		VIT_AUTOFD int fd = vit_test_make_memory(PLAYER_BYTES);

		vit_fake_producer_send_fds(self->producer, VIT_DISPLAY_DMABUF_SCANOUT_PLANES,
					   &planes, sizeof(planes), &fd, 1);
	}
	vit_fake_producer_send(self->producer, VIT_DISPLAY_DMABUF_UPDATE, &update, sizeof(update));
	self->unanswered++;
}

static void player_greet(Player *self)
{
	const VitDisplayFeatures features = {VIT_DISPLAY_PLANES | VIT_DISPLAY_DISPLAY_CHANGED |
					     VIT_DISPLAY_INPUT};

	self->connections = vit_fake_producer_get_connections(self->producer);
	self->unanswered = 0;
	vit_fake_producer_send(self->producer, VIT_DISPLAY_SET_PROTOCOL_FEATURES, &features,
			       sizeof(features));
}

static gboolean on_player_tick(void *user_data)
{
	Player *self = user_data;
	VitFakeProducerMessage message;
	bool is_first = self->connections != vit_fake_producer_get_connections(self->producer);

	if (is_first) {
		player_greet(self);
	}
	while (vit_fake_producer_poll(self->producer, &message)) {
		self->unanswered -= (message.header.flags & VIT_DISPLAY_IS_REPLY) != 0;
	}
	if (self->connections == 0 || self->unanswered > 0) {
		return G_SOURCE_CONTINUE;
	}
	for (uint32_t head = 0; head < self->options->heads; head++) {
		if (self->options->sends_pixels) {
			player_send_pixels(self, head, is_first);
		} else {
			player_send_planes(self, head, is_first);
		}
	}
	return G_SOURCE_CONTINUE;
}

VitMachine *vit_conforming_display_make(const void *options, void **ret_peer)
{
	Player *self = g_new0(Player, 1);
	const VitConformingDisplay *display = options;
	VitGpuSocketOptions machine_options = {
		.heads = display->heads,
		.width = 1280,
		.height = 800,
	};
	g_autoptr(GError) error = NULL;
	VitMachine *machine;

	self->options = display;
	self->producer = vit_fake_producer_new();
	self->timer = g_timeout_add(PLAYER_TICK_MS, on_player_tick, self);
	machine_options.path = vit_fake_producer_get_path(self->producer);
	machine = vit_gpu_socket_machine_new(&machine_options, &error);
	g_assert_no_error(error);
	*ret_peer = self;
	return machine;
}

void vit_conforming_display_free(void *peer)
{
	Player *self = peer;

	g_source_remove(self->timer);
	vit_fake_producer_free(self->producer);
	g_free(self);
}
