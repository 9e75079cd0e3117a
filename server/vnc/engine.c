/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * libvncserver as an encoder.
 *
 * It is used as if it served one viewer on a socket: rfbNewClient(), a handshake without
 * authentication that is written into the socket in advance and whose answers are thrown away, then
 * SetPixelFormat and SetEncodings messages. A whole message lies in the socket before the library
 * is called, so it never waits for one. Updates are put together here, from the rectangle encoders
 * that the library exports: its own rfbSendFramebufferUpdate() knows no rectangles but its own.
 *
 * Facts of libvncserver 0.9.14 that show here: it waits 100 ms in rfbNewClient() unless the
 * viewer's version is already there to be read; it aborts on an fd of FD_SETSIZE or more; it closes
 * the socket when a write fails, and then its number is -1; a Raw rectangle of more than 32 KiB a
 * row closes the viewer, so wide ones are cut.
 */
#include "server/vnc/engine.h"

#include <rfb/rfb.h>
#include <sys/socket.h>

#include "config/error.h"
#include "config/fd.h"
#include "server/vnc/rfb-protocol.h"

#define MAX_RECT_HEIGHT_PX 256
#define MAX_RECT_WIDTH_PX  4096
#define UNTIL_LAST_RECT    0xffff
#define HANDSHAKE_STEPS    3 /* version, security type, ClientInit */
#define FIRST_SIDE_PX      16
#define NEVER_MS           G_MAXINT
#define UPDATE_HEAD_BYTES  4

struct VitRfbEngine {
	rfbScreenInfoPtr screen;
	rfbClientPtr client; /* NULL while closed */
	int peer;
	uint32_t first_pixels[FIRST_SIDE_PX * FIRST_SIDE_PX];
};

const VitRfbPixelFormat vit_rfb_engine_format = {
	.bits_per_pixel = 32,
	.depth = 24,
	.big_endian = G_BYTE_ORDER == G_BIG_ENDIAN,
	.true_colour = true,
	.red_max = 255,
	.green_max = 255,
	.blue_max = 255,
	.red_shift = 16,
	.green_shift = 8,
	.blue_shift = 0,
};

VitRfbEngine *vit_rfb_engine_new(GError **error)
{
	VitRfbEngine *self = g_new0(VitRfbEngine, 1);
	rfbScreenInfoPtr screen;

	rfbLogEnable(FALSE);
	screen = rfbGetScreen(NULL, NULL, FIRST_SIDE_PX, FIRST_SIDE_PX, 8, 3, 4);
	if (!screen) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "libvncserver could not be started: no memory.");
		g_free(self);
		return NULL;
	}
	screen->serverFormat.depth = vit_rfb_engine_format.depth;
	screen->serverFormat.redShift = vit_rfb_engine_format.red_shift;
	screen->serverFormat.greenShift = vit_rfb_engine_format.green_shift;
	screen->serverFormat.blueShift = vit_rfb_engine_format.blue_shift;
	screen->alwaysShared = TRUE;
	screen->cursor = NULL;
	screen->maxClientWait = NEVER_MS; /* who gives a viewer up closes the peer end */
	self->screen = screen;
	vit_rfb_engine_set_framebuffer(self, self->first_pixels, FIRST_SIDE_PX, FIRST_SIDE_PX);
	return self;
}

void vit_rfb_engine_free(VitRfbEngine *self)
{
	if (self) {
		int socket = vit_rfb_engine_close(self);

		vit_fd_clear(&socket);
		rfbScreenCleanup(self->screen);
		g_free(self);
	}
}

static bool engine_feed(VitRfbEngine *self, const void *bytes, size_t n_bytes)
{
	return send(self->peer, bytes, n_bytes, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)n_bytes;
}

/* Takes the viewer through the handshake, and throws away what the library said in it. */
static bool engine_shake_hands(VitRfbEngine *self, int socket)
{
	static const char from_viewer[] = "RFB 003.008\n\x01\x01"; /* no authentication; shared */
	uint8_t unused[512];

	if (!engine_feed(self, from_viewer, sizeof(from_viewer) - 1)) {
		(void)close(socket);
		return false;
	}
	self->client = rfbNewClient(self->screen, socket); /* closes the socket if it fails */
	for (unsigned i = 0; self->client && i < HANDSHAKE_STEPS; i++) {
		if (!vit_rfb_engine_is_broken(self)) {
			rfbProcessClientMessage(self->client);
		}
	}
	while (recv(self->peer, unused, sizeof(unused), MSG_DONTWAIT) > 0) {
	}
	return self->client && !vit_rfb_engine_is_broken(self) && self->client->state == RFB_NORMAL;
}

bool vit_rfb_engine_open(VitRfbEngine *self, int socket, int peer, GError **error)
{
	g_assert(!self->client && socket < (int)FD_SETSIZE);
	self->peer = peer;
	if (!engine_shake_hands(self, socket)) {
		int left = vit_rfb_engine_close(self);

		vit_fd_clear(&left);
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "libvncserver did not start to serve a viewer.");
		return false;
	}
	return true;
}

int vit_rfb_engine_close(VitRfbEngine *self)
{
	int socket = -1;

	if (self->client) {
		socket = self->client->sock;
		if (socket >= 0) {
			FD_CLR(socket, &self->screen->allFds);
			self->client->sock = RFB_INVALID_SOCKET;
		}
		rfbClientConnectionGone(self->client);
		self->client = NULL;
	}
	vit_rfb_engine_set_framebuffer(self, self->first_pixels, FIRST_SIDE_PX, FIRST_SIDE_PX);
	return socket;
}

bool vit_rfb_engine_is_broken(const VitRfbEngine *self)
{
	return self->client->sock == RFB_INVALID_SOCKET;
}

void vit_rfb_engine_set_framebuffer(VitRfbEngine *self, uint32_t *pixels, uint32_t width,
				    uint32_t height)
{
	rfbScreenInfoPtr screen = self->screen;

	screen->width = (int)width;
	screen->height = (int)height;
	screen->paddedWidthInBytes = (int)width * 4;
	screen->sizeInBytes = screen->paddedWidthInBytes * (int)height;
	screen->frameBuffer = (char *)pixels;
}

/* Has the library act on a message that lies whole in @message. */
static bool engine_process(VitRfbEngine *self, const GByteArray *message)
{
	if (vit_rfb_engine_is_broken(self) || !engine_feed(self, message->data, message->len)) {
		return false;
	}
	rfbProcessClientMessage(self->client);
	return !vit_rfb_engine_is_broken(self);
}

bool vit_rfb_engine_set_pixel_format(VitRfbEngine *self, const VitRfbPixelFormat *format)
{
	static const uint8_t head[4] = {VIT_RFB_CLIENT_SET_PIXEL_FORMAT};
	g_autoptr(GByteArray) message = g_byte_array_new();

	g_byte_array_append(message, head, sizeof(head));
	vit_rfb_pixel_format_append(message, format);
	return engine_process(self, message);
}

bool vit_rfb_engine_set_encodings(VitRfbEngine *self, const int32_t *encodings,
				  unsigned n_encodings)
{
	const uint8_t head[4] = {VIT_RFB_CLIENT_SET_ENCODINGS, 0, (uint8_t)(n_encodings >> 8),
				 (uint8_t)n_encodings};
	g_autoptr(GByteArray) message = g_byte_array_new();

	g_byte_array_append(message, head, sizeof(head));
	for (unsigned i = 0; i < n_encodings; i++) {
		uint32_t number = GUINT32_TO_BE((uint32_t)encodings[i]);

		g_byte_array_append(message, (const uint8_t *)&number, sizeof(number));
	}
	return engine_process(self, message);
}

bool vit_rfb_engine_write(VitRfbEngine *self, const void *bytes, size_t n_bytes)
{
	if (vit_rfb_engine_is_broken(self)) {
		return false;
	}
	if (rfbWriteExact(self->client, bytes, (int)n_bytes) <= 0) {
		rfbCloseClient(self->client);
		return false;
	}
	return true;
}

/* Number of rectangles that the library makes of one; 0: as many as it likes, then LastRect. */
static unsigned engine_count(VitRfbEngine *self, const pixman_box32_t *box)
{
	int width = box->x2 - box->x1, height = box->y2 - box->y1;

	switch (self->client->preferredEncoding) {
	case rfbEncodingTight:
		return (unsigned)rfbNumCodedRectsTight(self->client, box->x1, box->y1, width,
						       height);
	case rfbEncodingZlib:
		return (unsigned)((height - 1) / (ZLIB_MAX_SIZE(width) / width) + 1);
	default:
		return 1;
	}
}

static bool engine_send_box(VitRfbEngine *self, const pixman_box32_t *box)
{
	int x = box->x1, y = box->y1, width = box->x2 - box->x1, height = box->y2 - box->y1;

	switch (self->client->preferredEncoding) {
	case rfbEncodingTight:
		return rfbSendRectEncodingTight(self->client, x, y, width, height);
	case rfbEncodingZRLE:
		return rfbSendRectEncodingZRLE(self->client, x, y, width, height);
	case rfbEncodingZlib:
		return rfbSendRectEncodingZlib(self->client, x, y, width, height);
	case rfbEncodingHextile:
		return rfbSendRectEncodingHextile(self->client, x, y, width, height);
	default:
		return rfbSendRectEncodingRaw(self->client, x, y, width, height);
	}
}

static void append_cut(GArray *boxes, const pixman_box32_t *box)
{
	for (int32_t y = box->y1; y < box->y2; y += MAX_RECT_HEIGHT_PX) {
		for (int32_t x = box->x1; x < box->x2; x += MAX_RECT_WIDTH_PX) {
			pixman_box32_t piece = {
				.x1 = x,
				.y1 = y,
				.x2 = MIN(box->x2, x + MAX_RECT_WIDTH_PX),
				.y2 = MIN(box->y2, y + MAX_RECT_HEIGHT_PX),
			};

			g_array_append_val(boxes, piece);
		}
	}
}

/*
 * Cuts the region into boxes that every encoder can take, and of which each is soon done: what was
 * encoded can be on its way, and who gives the viewer up need not wait long. Tight does so itself.
 */
static GArray *engine_cut(const VitRfbEngine *self, const pixman_region32_t *region)
{
	GArray *boxes = g_array_new(FALSE, FALSE, sizeof(pixman_box32_t));
	int n_given;
	const pixman_box32_t *given =
		pixman_region32_rectangles((pixman_region32_t *)region, &n_given);

	if (self->client->preferredEncoding == rfbEncodingTight) {
		return g_array_append_vals(boxes, given, (unsigned)n_given);
	}
	for (int i = 0; i < n_given; i++) {
		append_cut(boxes, &given[i]);
	}
	return boxes;
}

/* The number of rectangles for the head of an update; UNTIL_LAST_RECT where nobody knows yet. */
static unsigned engine_count_all(VitRfbEngine *self, const GArray *boxes, unsigned n_rects)
{
	for (unsigned i = 0; i < boxes->len; i++) {
		unsigned n = engine_count(self, &g_array_index(boxes, pixman_box32_t, i));

		if (n == 0) {
			return UNTIL_LAST_RECT;
		}
		n_rects += n;
	}
	return n_rects;
}

bool vit_rfb_engine_send_update(VitRfbEngine *self, const GByteArray *rects, unsigned n_rects,
				const pixman_region32_t *region)
{
	g_autoptr(GArray) boxes = engine_cut(self, region);
	unsigned n_all = engine_count_all(self, boxes, n_rects);
	bool until_last_rect = n_all == UNTIL_LAST_RECT;
	const uint8_t head[UPDATE_HEAD_BYTES] = {VIT_RFB_SERVER_FRAMEBUFFER_UPDATE, 0,
						 (uint8_t)(n_all >> 8), (uint8_t)n_all};
	bool written;

	g_assert(n_all <= UNTIL_LAST_RECT);
	written = vit_rfb_engine_write(self, head, sizeof(head)) &&
		  (rects->len == 0 || vit_rfb_engine_write(self, rects->data, rects->len));
	for (unsigned i = 0; written && i < boxes->len; i++) {
		written = engine_send_box(self, &g_array_index(boxes, pixman_box32_t, i));
	}
	if (written && until_last_rect) {
		written = rfbSendLastRectMarker(self->client);
	}
	written = written && rfbSendUpdateBuf(self->client);
	if (!written && !vit_rfb_engine_is_broken(self)) {
		rfbCloseClient(self->client);
	}
	return written;
}

unsigned vit_rfb_engine_get_pixel_bytes(const VitRfbEngine *self)
{
	return self->client->format.bitsPerPixel / 8u;
}

void vit_rfb_engine_translate(VitRfbEngine *self, const uint32_t *pixels, unsigned n_pixels,
			      GByteArray *out)
{
	rfbClientPtr client = self->client;
	unsigned n_bytes = n_pixels * vit_rfb_engine_get_pixel_bytes(self);
	g_autofree uint8_t *aligned = g_malloc(n_bytes);

	client->translateFn(client->translateLookupTable, &self->screen->serverFormat,
			    &client->format, (char *)(uintptr_t)pixels, (char *)aligned,
			    (int)n_pixels * 4, (int)n_pixels, 1);
	g_byte_array_append(out, aligned, n_bytes);
}
