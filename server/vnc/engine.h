/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <pixman.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/vnc/rfb-message.h"

/*
 * VitRfbEngine: libvncserver as an encoder for one viewer at a time. It is told nothing but pixel
 * formats and encodings, and everything it writes goes into a socket pair whose other end the
 * caller reads. Made and freed on one thread before and after all use; between, any one thread.
 */

typedef struct VitRfbEngine VitRfbEngine;

/* The pixels that the engine reads, and that viewers are offered first: 0xXXRRGGBB words. */
extern const VitRfbPixelFormat vit_rfb_engine_format;

/* Errors: INTERNAL (no memory). */
VitRfbEngine *vit_rfb_engine_new(GError **error);
/* Closes it first if it is open. NULL is allowed. */
void vit_rfb_engine_free(VitRfbEngine *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitRfbEngine, vit_rfb_engine_free)

/*
 * Starts to serve a viewer. @socket and @peer are the two ends of a unix stream socket pair.
 * Ownership: takes @socket on every path, which must be below FD_SETSIZE (the library aborts
 * otherwise); borrows @peer until vit_rfb_engine_close(). Afterwards nothing is left to be read
 * from @peer. Errors: INTERNAL.
 */
bool vit_rfb_engine_open(VitRfbEngine *self, int socket, int peer, GError **error);
/*
 * Forgets the viewer. Returns the socket, which is then the caller's, or -1 where the library has
 * closed it because writing failed.
 */
int vit_rfb_engine_close(VitRfbEngine *self);
/* Whether the library gave the viewer up: a write failed. */
bool vit_rfb_engine_is_broken(const VitRfbEngine *self);

/* Rows packed. Borrowed until the next call. Sides from 1 to 16384 pixels. */
void vit_rfb_engine_set_framebuffer(VitRfbEngine *self, uint32_t *pixels, uint32_t width,
				    uint32_t height);

/* What follows returns false when the engine is or becomes broken. */

/* A SetPixelFormat that the parser let through. */
bool vit_rfb_engine_set_pixel_format(VitRfbEngine *self, const VitRfbPixelFormat *format);
/* Encodings, best first, and the pseudo-encodings that tune them. */
bool vit_rfb_engine_set_encodings(VitRfbEngine *self, const int32_t *encodings,
				  unsigned n_encodings);
/* Writes a message, or the part of one, of our own. */
bool vit_rfb_engine_write(VitRfbEngine *self, const void *bytes, size_t n_bytes);

/*
 * Sends one FramebufferUpdate: @n_rects rectangles of our own, which @rects holds ready encoded,
 * then the pixels of @region, which lies within the framebuffer. Blocks until the peer end has
 * taken nearly all of it.
 */
bool vit_rfb_engine_send_update(VitRfbEngine *self, const GByteArray *rects, unsigned n_rects,
				const pixman_region32_t *region);

/* Bytes of a pixel in the viewer's format: 1, 2 or 4. */
unsigned vit_rfb_engine_get_pixel_bytes(const VitRfbEngine *self);
/* Appends @n_pixels pixels in the viewer's format. */
void vit_rfb_engine_translate(VitRfbEngine *self, const uint32_t *pixels, unsigned n_pixels,
			      GByteArray *out);
