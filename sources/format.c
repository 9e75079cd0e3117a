/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The table of pixel formats and the lookups in it. A DRM format names its channels from the
 * highest bit of a little-endian word to the lowest: XRGB8888 lies in memory as B, G, R, X.
 */
#include "sources/format.h"

#include <drm_fourcc.h>
#include <glib.h>
#include <string.h>

static const VitFormat format_table[] = {
	{DRM_FORMAT_XRGB8888, "XR24", 4, false},   {DRM_FORMAT_ARGB8888, "AR24", 4, true},
	{DRM_FORMAT_XBGR8888, "XB24", 4, false},   {DRM_FORMAT_ABGR8888, "AB24", 4, true},
	{DRM_FORMAT_RGBX8888, "RX24", 4, false},   {DRM_FORMAT_RGBA8888, "RA24", 4, true},
	{DRM_FORMAT_BGRX8888, "BX24", 4, false},   {DRM_FORMAT_BGRA8888, "BA24", 4, true},
	{DRM_FORMAT_RGB565, "RG16", 2, false},     {DRM_FORMAT_XRGB1555, "XR15", 2, false},
	{DRM_FORMAT_RGB888, "RG24", 3, false},     {DRM_FORMAT_XRGB2101010, "XR30", 4, false},
	{DRM_FORMAT_ARGB2101010, "AR30", 4, true}, {DRM_FORMAT_XBGR2101010, "XB30", 4, false},
	{DRM_FORMAT_ABGR2101010, "AB30", 4, true},
};

const VitFormat *vit_format_find(uint32_t fourcc)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(format_table); i++) {
		if (format_table[i].fourcc == fourcc) {
			return &format_table[i];
		}
	}
	return NULL;
}

const VitFormat *vit_format_find_by_name(const char *name)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(format_table); i++) {
		if (strcmp(format_table[i].name, name) == 0) {
			return &format_table[i];
		}
	}
	return NULL;
}

const VitFormat *vit_format_nth(unsigned index)
{
	return index < G_N_ELEMENTS(format_table) ? &format_table[index] : NULL;
}

void vit_fourcc_to_text(uint32_t fourcc, char ret_text[static 16])
{
	for (unsigned i = 0; i < 4; i++) {
		char byte = (char)(fourcc >> (8 * i) & 0xff);

		if (!g_ascii_isprint(byte)) {
			(void)g_snprintf(ret_text, 16, "0x%08x", fourcc);
			return;
		}
		ret_text[i] = byte;
	}
	ret_text[4] = '\0';
}
