/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/vnc/flow.h"

#include <glib.h>

/* How long beyond the best round trip the oldest update may take: about two frames at 60 Hz. */
#define SLACK_US (35 * 1000)
/* The best round trip follows a path that became longer by this part of the difference. */
#define DRIFT_PART 64

uint32_t vit_flow_sent(VitFlow *self, int64_t now_us)
{
	uint32_t number = self->oldest + self->n_under_way;

	g_assert(self->n_under_way < VIT_FLOW_MAX_UNDER_WAY);
	self->sent_us[number % VIT_FLOW_MAX_UNDER_WAY] = now_us;
	self->n_under_way++;
	return number;
}

static void flow_learn(VitFlow *self, int64_t round_trip_us)
{
	if (self->round_trip_us == 0 || round_trip_us < self->round_trip_us) {
		self->round_trip_us = MAX(round_trip_us, 1);
	} else {
		self->round_trip_us += (round_trip_us - self->round_trip_us) / DRIFT_PART;
	}
}

void vit_flow_returned(VitFlow *self, uint32_t number, int64_t now_us)
{
	uint32_t distance = number - self->oldest;

	if (distance < self->n_under_way) {
		flow_learn(self, now_us - self->sent_us[number % VIT_FLOW_MAX_UNDER_WAY]);
		self->oldest += distance + 1;
		self->n_under_way -= distance + 1;
	}
}

bool vit_flow_may_send(const VitFlow *self, int64_t now_us)
{
	if (self->n_under_way == 0) {
		return true;
	}
	return self->round_trip_us > 0 && self->n_under_way < VIT_FLOW_MAX_UNDER_WAY &&
	       now_us - self->sent_us[self->oldest % VIT_FLOW_MAX_UNDER_WAY] <
		       self->round_trip_us + SLACK_US;
}
