/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a guest is told of its monitor: an EDID whose preferred mode is what the viewers want. */

#define VIT_EDID_MAX_BYTES   256
#define VIT_EDID_MIN_SIDE_PX 64

typedef struct VitEdidMonitor {
	uint32_t width, height;       /* pixels, VIT_EDID_MIN_SIDE_PX to VIT_BUFFER_MAX_SIDE */
	uint32_t width_mm, height_mm; /* either 0: unknown, and made up for 96 pixels an inch */
	unsigned index;               /* of the head: gives each monitor its own serial number */
} VitEdidMonitor;

/* Writes the EDID and returns its length in bytes: 128 or 256. Thread: any. */
size_t vit_edid_make(const VitEdidMonitor *monitor, uint8_t ret_edid[static VIT_EDID_MAX_BYTES]);
