/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The counting viewer. What is compressed with zlib is always inflated, because each of Tight's
 * four streams goes on from one rectangle to the next; what becomes of it is only looked at where
 * the stamp is. Spec: RFC 6143; rfbproto for Tight, fences and continuous updates.
 */
#include "tests/bench/tight-viewer.h"

#include <errno.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <zlib.h>

#include <jpeglib.h>

#include "config/error.h"
#include "config/fd.h"
#include "server/vnc/rfb-protocol.h"

#define BUFFER_BYTES  (256 * 1024)
#define TIGHT_STREAMS 4
/* Below this Tight does not compress. */
#define TIGHT_MIN_COMPRESSED_BYTES 12
#define TIGHT_MAX_COLOURS          256

typedef struct Rectangle {
	uint32_t x, y, width, height;
} Rectangle;

struct VitTightViewer {
	int fd;
	uint8_t buffer[BUFFER_BYTES];
	size_t begin, end;
	uint64_t received_bytes;
	z_stream streams[TIGHT_STREAMS];
	bool is_stream_open[TIGHT_STREAMS];
	GByteArray *compressed, *pixels;
	uint32_t stamp[VIT_STAMP_WIDTH_PX * VIT_STAMP_HEIGHT_PX];
};

static bool invalid(GError **error, const char *what)
{
	g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA, "the server sent %s", what);
	return false;
}

static bool fill(VitTightViewer *self, GError **error)
{
	ssize_t n;

	do {
		n = recv(self->fd, self->buffer, sizeof self->buffer, 0);
	} while (n < 0 && errno == EINTR);
	if (n <= 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_DISCONNECTED,
			    "the server closed the connection: %s", n < 0 ? g_strerror(errno) : "");
		return false;
	}
	self->begin = 0;
	self->end = (size_t)n;
	self->received_bytes += (uint64_t)n;
	return true;
}

/* Reads exactly so much; @to may be NULL. */
static bool take(VitTightViewer *self, void *to, size_t n_bytes, GError **error)
{
	uint8_t *position = to;

	while (n_bytes > 0) {
		size_t n = MIN(n_bytes, self->end - self->begin);

		if (n == 0) {
			if (!fill(self, error)) {
				return false;
			}
			continue;
		}
		if (position) {
			memcpy(position, self->buffer + self->begin, n);
			position += n;
		}
		self->begin += n;
		n_bytes -= n;
	}
	return true;
}

static bool take_number(VitTightViewer *self, unsigned n_bytes, uint32_t *ret_value, GError **error)
{
	uint8_t bytes[4];

	if (!take(self, bytes, n_bytes, error)) {
		return false;
	}
	*ret_value = 0;
	for (unsigned i = 0; i < n_bytes; i++) {
		*ret_value = *ret_value << 8 | bytes[i];
	}
	return true;
}

static bool say(VitTightViewer *self, const void *bytes, size_t n_bytes, GError **error)
{
	const uint8_t *position = bytes;

	while (n_bytes > 0) {
		ssize_t n = send(self->fd, position, n_bytes, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			g_set_error(error, VIT_ERROR, VIT_ERROR_DISCONNECTED,
				    "the server closed the connection: %s", g_strerror(errno));
			return false;
		}
		position += n;
		n_bytes -= (size_t)n;
	}
	return true;
}

/* ---- Pixels: only those of the stamp are kept ---- */

static bool touches_stamp(const Rectangle *area)
{
	return area->x < VIT_STAMP_WIDTH_PX && area->y < VIT_STAMP_HEIGHT_PX;
}

static void put_pixel(VitTightViewer *self, uint32_t x, uint32_t y, const uint8_t *rgb)
{
	if (x < VIT_STAMP_WIDTH_PX && y < VIT_STAMP_HEIGHT_PX) {
		self->stamp[y * VIT_STAMP_WIDTH_PX + x] =
			(uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
	}
}

static void put_rgb(VitTightViewer *self, const Rectangle *area, const uint8_t *rgb)
{
	for (uint32_t y = 0; y < area->height && area->y + y < VIT_STAMP_HEIGHT_PX; y++) {
		for (uint32_t x = 0; x < area->width && area->x + x < VIT_STAMP_WIDTH_PX; x++) {
			put_pixel(self, area->x + x, area->y + y,
				  rgb + 3 * ((size_t)y * area->width + x));
		}
	}
}

static void put_fill(VitTightViewer *self, const Rectangle *area, const uint8_t *rgb)
{
	for (uint32_t y = 0; y < area->height && area->y + y < VIT_STAMP_HEIGHT_PX; y++) {
		for (uint32_t x = 0; x < area->width && area->x + x < VIT_STAMP_WIDTH_PX; x++) {
			put_pixel(self, area->x + x, area->y + y, rgb);
		}
	}
}

static void put_indexed(VitTightViewer *self, const Rectangle *area, const uint8_t *palette,
			unsigned n_colours)
{
	const uint8_t *data = self->pixels->data;
	size_t row_bytes = n_colours == 2 ? (area->width + 7) / 8 : area->width;

	for (uint32_t y = 0; y < area->height && area->y + y < VIT_STAMP_HEIGHT_PX; y++) {
		const uint8_t *row = data + y * row_bytes;

		for (uint32_t x = 0; x < area->width && area->x + x < VIT_STAMP_WIDTH_PX; x++) {
			unsigned index = n_colours == 2 ? row[x / 8] >> (7 - x % 8) & 1 : row[x];

			if (index < n_colours) {
				put_pixel(self, area->x + x, area->y + y, palette + 3 * index);
			}
		}
	}
}

/* A damaged JPEG ends the program: libjpeg's own way, and good enough for a benchmark. */
static void put_jpeg(VitTightViewer *self, const Rectangle *area)
{
	struct jpeg_decompress_struct jpeg;
	struct jpeg_error_mgr errors;
	g_autofree uint8_t *rgb = g_malloc((size_t)area->width * area->height * 3);

	jpeg.err = jpeg_std_error(&errors);
	jpeg_create_decompress(&jpeg);
	jpeg_mem_src(&jpeg, self->compressed->data, self->compressed->len);
	(void)jpeg_read_header(&jpeg, TRUE);
	jpeg.out_color_space = JCS_RGB;
	(void)jpeg_start_decompress(&jpeg);
	g_assert_cmpuint(jpeg.output_width, ==, area->width);
	g_assert_cmpuint(jpeg.output_height, ==, area->height);
	while (jpeg.output_scanline < jpeg.output_height) {
		JSAMPROW row = rgb + (size_t)jpeg.output_scanline * area->width * 3;

		(void)jpeg_read_scanlines(&jpeg, &row, 1);
	}
	(void)jpeg_finish_decompress(&jpeg);
	jpeg_destroy_decompress(&jpeg);
	put_rgb(self, area, rgb);
}

/* ---- Tight ---- */

static bool take_compact_length(VitTightViewer *self, uint32_t *ret_length, GError **error)
{
	uint32_t length = 0;

	for (unsigned i = 0; i < 3; i++) {
		uint32_t byte;

		if (!take_number(self, 1, &byte, error)) {
			return false;
		}
		length |= (i < 2 ? byte & 0x7f : byte) << 7 * i;
		if (!(byte & 0x80)) {
			break;
		}
	}
	*ret_length = length;
	return true;
}

static bool take_compressed(VitTightViewer *self, GError **error)
{
	uint32_t length;

	if (!take_compact_length(self, &length, error)) {
		return false;
	}
	g_byte_array_set_size(self->compressed, length);
	return take(self, self->compressed->data, length, error);
}

/* Reads pixel data of @n_bytes into self->pixels. */
static bool take_pixels(VitTightViewer *self, unsigned number, size_t n_bytes, GError **error)
{
	z_stream *stream = &self->streams[number];

	g_byte_array_set_size(self->pixels, (unsigned)n_bytes);
	if (n_bytes < TIGHT_MIN_COMPRESSED_BYTES) {
		return take(self, self->pixels->data, n_bytes, error);
	}
	if (!take_compressed(self, error)) {
		return false;
	}
	if (!self->is_stream_open[number]) {
		*stream = (z_stream){0};
		self->is_stream_open[number] = inflateInit(stream) == Z_OK;
	}
	stream->next_in = self->compressed->data;
	stream->avail_in = self->compressed->len;
	stream->next_out = self->pixels->data;
	stream->avail_out = (unsigned)n_bytes;
	if (inflate(stream, Z_SYNC_FLUSH) != Z_OK || stream->avail_out != 0) {
		return invalid(error, "a Tight rectangle that cannot be inflated");
	}
	return true;
}

static bool receive_palette(VitTightViewer *self, unsigned stream, const Rectangle *area,
			    GError **error)
{
	uint8_t palette[3 * TIGHT_MAX_COLOURS];
	uint32_t n_colours;
	size_t row_bytes;

	if (!take_number(self, 1, &n_colours, error)) {
		return false;
	}
	n_colours++;
	row_bytes = n_colours == 2 ? (area->width + 7) / 8 : area->width;
	if (!take(self, palette, 3 * (size_t)n_colours, error) ||
	    !take_pixels(self, stream, row_bytes * area->height, error)) {
		return false;
	}
	put_indexed(self, area, palette, n_colours);
	return true;
}

static bool receive_basic(VitTightViewer *self, uint32_t kind, const Rectangle *area,
			  GError **error)
{
	uint32_t filter = 0;

	if (kind & 4 && !take_number(self, 1, &filter, error)) {
		return false;
	}
	if (filter == 1) {
		return receive_palette(self, kind & 3, area, error);
	}
	if (!take_pixels(self, kind & 3, (size_t)area->width * area->height * 3, error)) {
		return false;
	}
	if (filter != 0 && touches_stamp(area)) {
		return invalid(error, "the stamp through Tight's gradient filter");
	}
	put_rgb(self, area, self->pixels->data);
	return true;
}

static bool receive_tight(VitTightViewer *self, const Rectangle *area, GError **error)
{
	uint32_t control;
	uint8_t rgb[3];

	if (!take_number(self, 1, &control, error)) {
		return false;
	}
	for (unsigned i = 0; i < TIGHT_STREAMS; i++) {
		if (control >> i & 1 && self->is_stream_open[i]) {
			(void)inflateReset(&self->streams[i]);
		}
	}
	switch (control >> 4) {
	case 8:
		if (!take(self, rgb, sizeof rgb, error)) {
			return false;
		}
		put_fill(self, area, rgb);
		return true;
	case 9:
		if (!take_compressed(self, error)) {
			return false;
		}
		if (touches_stamp(area)) {
			put_jpeg(self, area);
		}
		return true;
	default:
		return control >> 4 < 8 ? receive_basic(self, control >> 4, area, error)
					: invalid(error, "an unknown kind of Tight rectangle");
	}
}

/* ---- Messages ---- */

static bool receive_rectangle(VitTightViewer *self, bool *has_pixels, bool *is_last, GError **error)
{
	Rectangle area;
	uint32_t encoding, n_bytes;

	if (!take_number(self, 2, &area.x, error) || !take_number(self, 2, &area.y, error) ||
	    !take_number(self, 2, &area.width, error) ||
	    !take_number(self, 2, &area.height, error) || !take_number(self, 4, &encoding, error)) {
		return false;
	}
	switch ((int32_t)encoding) {
	case VIT_RFB_ENCODING_TIGHT:
		*has_pixels = true;
		return receive_tight(self, &area, error);
	case VIT_RFB_ENCODING_COPY_RECT:
		*has_pixels = true;
		if (touches_stamp(&area)) {
			return invalid(error, "the stamp as a copy of something else");
		}
		return take(self, NULL, 4, error);
	case VIT_RFB_PSEUDO_LAST_RECT:
		*is_last = true;
		return true;
	case VIT_RFB_PSEUDO_CURSOR_WITH_ALPHA:
		n_bytes = 4 + area.width * area.height * 4;
		return take(self, NULL, n_bytes, error);
	default:
		return invalid(error, "a rectangle of an encoding that was not asked for");
	}
}

static bool receive_update(VitTightViewer *self, bool *has_pixels, GError **error)
{
	uint32_t count;
	bool is_last = false;

	if (!take(self, NULL, 1, error) || !take_number(self, 2, &count, error)) {
		return false;
	}
	while (count-- > 0 && !is_last) {
		if (!receive_rectangle(self, has_pixels, &is_last, error)) {
			return false;
		}
	}
	return true;
}

/* The server measures the connection with these: they are to come back at once. */
static bool answer_fence(VitTightViewer *self, GError **error)
{
	uint8_t message[9 + 64] = {VIT_RFB_CLIENT_FENCE};
	uint32_t flags, length;

	if (!take(self, NULL, 3, error) || !take_number(self, 4, &flags, error) ||
	    !take_number(self, 1, &length, error)) {
		return false;
	}
	if (length > sizeof message - 9) {
		return invalid(error, "a fence that is too long");
	}
	message[7] = flags & 0x7;
	message[8] = (uint8_t)length;
	return take(self, message + 9, length, error) && say(self, message, 9 + length, error);
}

static bool start_continuous_updates(VitTightViewer *self, GError **error)
{
	const uint8_t message[] = {
		VIT_RFB_CLIENT_CONTINUOUS_UPDATES, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff};

	return say(self, message, sizeof message, error);
}

bool vit_tight_viewer_receive(VitTightViewer *self, VitTightUpdate *ret_update, GError **error)
{
	bool has_pixels = false;

	while (!has_pixels) {
		uint32_t kind;
		bool good;

		if (!take_number(self, 1, &kind, error)) {
			return false;
		}
		switch (kind) {
		case VIT_RFB_SERVER_FRAMEBUFFER_UPDATE:
			good = receive_update(self, &has_pixels, error);
			break;
		case VIT_RFB_SERVER_FENCE:
			good = answer_fence(self, error);
			break;
		case VIT_RFB_SERVER_END_OF_CONTINUOUS_UPDATES:
			good = start_continuous_updates(self, error);
			break;
		default:
			good = invalid(error, "a message that was not asked for");
			break;
		}
		if (!good) {
			return false;
		}
	}
	ret_update->received_us = g_get_monotonic_time();
	ret_update->n_bytes = self->received_bytes - (self->end - self->begin);
	ret_update->has_stamp = vit_stamp_read(
		self->stamp, VIT_STAMP_WIDTH_PX * sizeof self->stamp[0], 0, 0, &ret_update->stamp);
	return true;
}

/* ---- Beginning and end ---- */

static void append_encodings(GByteArray *out)
{
	static const int32_t encodings[] = {
		VIT_RFB_ENCODING_TIGHT,
		VIT_RFB_ENCODING_COPY_RECT,
		VIT_RFB_PSEUDO_JPEG_QUALITY_LOWEST + 8,
		VIT_RFB_PSEUDO_COMPRESSION_LOWEST + 2,
		VIT_RFB_PSEUDO_LAST_RECT,
		VIT_RFB_PSEUDO_CURSOR_WITH_ALPHA,
		VIT_RFB_PSEUDO_FENCE,
		VIT_RFB_PSEUDO_CONTINUOUS_UPDATES,
	};
	const uint8_t head[] = {VIT_RFB_CLIENT_SET_ENCODINGS, 0, 0, G_N_ELEMENTS(encodings)};

	g_byte_array_append(out, head, sizeof head);
	for (unsigned i = 0; i < G_N_ELEMENTS(encodings); i++) {
		uint32_t wire = GUINT32_TO_BE((uint32_t)encodings[i]);

		g_byte_array_append(out, (const uint8_t *)&wire, sizeof wire);
	}
}

/* Everything up to the first request, without password. */
static bool begin(VitTightViewer *self, GError **error)
{
	static const uint8_t pixel_format[] = {VIT_RFB_CLIENT_SET_PIXEL_FORMAT,
					       0,
					       0,
					       0,
					       32,
					       24,
					       0,
					       1,
					       0,
					       255,
					       0,
					       255,
					       0,
					       255,
					       16,
					       8,
					       0,
					       0,
					       0,
					       0};
	static const uint8_t request[] = {
		VIT_RFB_CLIENT_UPDATE_REQUEST, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff};
	g_autoptr(GByteArray) out = g_byte_array_new();
	uint32_t name_length;

	g_byte_array_append(out, (const uint8_t *)"RFB 003.008\n\1\1", 14);
	if (!say(self, out->data, out->len, error) ||
	    /* Version, one security type, its result, size and pixel format. */
	    !take(self, NULL, VIT_RFB_VERSION_BYTES + 2 + 4 + 20, error) ||
	    !take_number(self, 4, &name_length, error) || !take(self, NULL, name_length, error)) {
		return false;
	}
	g_byte_array_set_size(out, 0);
	g_byte_array_append(out, pixel_format, sizeof pixel_format);
	append_encodings(out);
	g_byte_array_append(out, request, sizeof request);
	return say(self, out->data, out->len, error);
}

static int connect_to(const char *path, GError **error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	VIT_AUTOFD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)g_strlcpy(address.sun_path, path, sizeof address.sun_path);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_DISCONNECTED, "%s cannot be reached: %s",
			    path, g_strerror(errno));
		return -1;
	}
	return g_steal_fd(&fd);
}

VitTightViewer *vit_tight_viewer_new(const char *path, GError **error)
{
	g_autoptr(VitTightViewer) self = g_new0(VitTightViewer, 1);

	self->compressed = g_byte_array_new();
	self->pixels = g_byte_array_new();
	self->fd = connect_to(path, error);
	if (self->fd < 0 || !begin(self, error)) {
		return NULL;
	}
	return g_steal_pointer(&self);
}

void vit_tight_viewer_free(VitTightViewer *self)
{
	if (self) {
		vit_fd_clear(&self->fd);
		for (unsigned i = 0; i < TIGHT_STREAMS; i++) {
			if (self->is_stream_open[i]) {
				(void)inflateEnd(&self->streams[i]);
			}
		}
		g_byte_array_unref(self->compressed);
		g_byte_array_unref(self->pixels);
		g_free(self);
	}
}
