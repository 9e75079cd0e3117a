/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdbool.h>

#include "server/spice/qxl.h"

/*
 * A display of a viewer whose draws are acknowledged when the test says so. Linked in place of the
 * real one. It fails the test where libspice-server would abort the process.
 */

typedef struct VitFakeSpiceQxl {
	bool is_drawing;
	bool is_full; /* scanouts fail */
	unsigned n_scanouts, n_draws;
	VitSpiceScanout scanout;      /* the last */
	uint32_t x, y, width, height; /* of the last draw */
} VitFakeSpiceQxl;

/* As the screen knows it. */
VitSpiceQxl *vit_fake_spice_qxl(VitFakeSpiceQxl *self);
