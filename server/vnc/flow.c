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

	if (self->n_under_way == VIT_FLOW_MAX_UNDER_WAY) { /* given up */
		self->oldest++;
		self->n_under_way--;
	}
	self->sent_us[number % VIT_FLOW_MAX_UNDER_WAY] = now_us;
	self->n_under_way++;
	return number;
}

void vit_flow_encoded(VitFlow *self, int64_t now_us)
{
	if (self->n_under_way > 0) {
		uint32_t newest = self->oldest + self->n_under_way - 1;

		self->sent_us[newest % VIT_FLOW_MAX_UNDER_WAY] = now_us;
	}
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
		self->is_given_up = false;
	}
}

bool vit_flow_may_send(const VitFlow *self, int64_t now_us)
{
	if (self->n_under_way == 0 || self->is_given_up) {
		return true;
	}
	return self->round_trip_us > 0 && self->n_under_way < VIT_FLOW_MAX_UNDER_WAY &&
	       now_us - self->sent_us[self->oldest % VIT_FLOW_MAX_UNDER_WAY] <
		       self->round_trip_us + SLACK_US;
}

void vit_flow_give_up(VitFlow *self)
{
	self->is_given_up = true;
}
