/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * The pixel formats that Vitrine shows: single-plane RGB, named by their DRM fourcc
 * (drm_fourcc.h, libdrm 2.4.114). Lookups only.
 */

#define VIT_MAX_PLANES 4

typedef struct VitFormat {
	uint32_t fourcc;
	const char *name;        /* as people write it: "XR24" */
	uint8_t bytes_per_pixel; /* 2, 3 or 4 */
	bool has_alpha;          /* alpha is carried, and ignored when a picture is shown */
} VitFormat;

/* Returns the format, or NULL when Vitrine does not know the fourcc. Thread: any. */
const VitFormat *vit_format_find(uint32_t fourcc);

/* Returns the format with this name ("XR24", exactly four characters), or NULL. Thread: any. */
const VitFormat *vit_format_find_by_name(const char *name);

/* Returns format number @index in a stable order, or NULL past the end. Thread: any. */
const VitFormat *vit_format_nth(unsigned index);

/*
 * Writes a fourcc as people read it: "XR24", or "0x…" where a byte of it is not printable.
 * Thread: any.
 */
void vit_fourcc_to_text(uint32_t fourcc, char ret_text[static 16]);
