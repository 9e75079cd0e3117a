/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/log-limit.h"

#include <glib.h>

#define LINE_US (1 * G_USEC_PER_SEC)
#define AT_ONCE 20

bool vit_log_limit_allows(VitLogLimit *self, int64_t now_us, unsigned *ret_left_out)
{
	int64_t full_us = MAX(self->full_us, now_us) + LINE_US;

	if (full_us > now_us + AT_ONCE * LINE_US) {
		self->n_left_out++;
		return false;
	}
	self->full_us = full_us;
	*ret_left_out = self->n_left_out;
	self->n_left_out = 0;
	return true;
}
