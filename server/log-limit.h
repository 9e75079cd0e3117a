/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * VitLogLimit: keeps what strangers can cause from filling the log. Some lines go through at once,
 * then one a second. Pure: the caller brings the time. Embedded; all zeroes is ready for use.
 */

typedef struct VitLogLimit {
	int64_t full_us;     /* when the limit was, or will be, all unused */
	unsigned n_left_out; /* lines since the last that went through */
} VitLogLimit;

/* Whether a line may be logged; *ret_left_out is how many were not before it. */
bool vit_log_limit_allows(VitLogLimit *self, int64_t now_us, unsigned *ret_left_out);
