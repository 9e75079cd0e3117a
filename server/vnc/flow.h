/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * VitFlow: how many continuous updates may be under way to a viewer. A fence follows each update;
 * the viewer returns it when it has dealt with everything before. As long as the oldest fence is
 * not overdue more updates may follow, so a far viewer has several under way, and one that cannot
 * keep up has one. Pure: the caller brings the time. Embedded; all zeroes is ready for use.
 */

#define VIT_FLOW_MAX_UNDER_WAY 32

typedef struct VitFlow {
	uint32_t oldest; /* number of the oldest fence that was not returned */
	unsigned n_under_way;
	int64_t sent_us[VIT_FLOW_MAX_UNDER_WAY]; /* by number, modulo the size */
	int64_t round_trip_us;                   /* the best of late; 0: not known yet */
	bool is_given_up;                        /* nothing is returned: it is not waited for */
} VitFlow;

/*
 * A fence is being sent; vit_flow_may_send() allowed it. Returns its number. To be told before the
 * viewer can return it.
 */
uint32_t vit_flow_sent(VitFlow *self, int64_t now_us);
/* The update before the last fence took until now to be encoded: that is not the viewer's time. */
void vit_flow_encoded(VitFlow *self, int64_t now_us);
/* The viewer returned this number. One that is not under way is passed over: viewers may lie. */
void vit_flow_returned(VitFlow *self, uint32_t number, int64_t now_us);
/*
 * Whether one more update may follow. If not, that changes only when a fence is returned or given
 * up.
 */
bool vit_flow_may_send(const VitFlow *self, int64_t now_us);
/* The viewer seems not to return fences: no more are waited for, until it does. */
void vit_flow_give_up(VitFlow *self);
