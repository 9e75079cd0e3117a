/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "tests/support/rfb-viewer.h"

#include <errno.h>
#include <nettle/des.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/vnc/rfb-protocol.h"
#include "tests/support/fixture.h"

#define PATIENCE_S 20
#define QUIET_MS   150

VitTestViewer *vit_test_viewer_new_take_fd(int fd)
{
	VitTestViewer *self = g_new0(VitTestViewer, 1);

	self->fd = fd;
	return self;
}

VitTestViewer *vit_test_viewer_new(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
	return vit_test_viewer_new_take_fd(fd);
}

void vit_test_viewer_free(VitTestViewer *self)
{
	(void)close(self->fd);
	g_free(self->pixels);
	g_free(self->name);
	g_free(self);
}

static bool is_ready(const VitTestViewer *self, short events)
{
	struct pollfd ready = {.fd = self->fd, .events = events};

	return poll(&ready, 1, 0) == 1;
}

static bool can_write(void *user_data)
{
	return is_ready(user_data, POLLOUT);
}

static bool can_read(void *user_data)
{
	return is_ready(user_data, POLLIN);
}

void vit_test_viewer_send(VitTestViewer *self, const void *bytes, size_t n_bytes)
{
	const uint8_t *next = bytes;

	while (n_bytes > 0) {
		ssize_t n = send(self->fd, next, n_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN) {
			vit_test_wait("room to write to the server", PATIENCE_S, can_write, self);
			continue;
		}
		g_assert_cmpint(n, >, 0);
		next += n;
		n_bytes -= (size_t)n;
	}
}

void vit_test_viewer_read(VitTestViewer *self, void *ret_bytes, size_t n_bytes)
{
	uint8_t *next = ret_bytes;

	while (n_bytes > 0) {
		ssize_t n = recv(self->fd, next, n_bytes, MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN) {
			vit_test_wait("bytes from the server", PATIENCE_S, can_read, self);
			continue;
		}
		g_assert_cmpint(n, >, 0);
		next += n;
		n_bytes -= (size_t)n;
	}
}

void vit_test_viewer_wait_closed(VitTestViewer *self)
{
	uint8_t unused[4096];
	ssize_t n;

	do {
		vit_test_wait("the end of the connection", PATIENCE_S, can_read, self);
		n = recv(self->fd, unused, sizeof(unused), MSG_DONTWAIT);
	} while (n > 0);
}

static bool is_hung_up(void *user_data)
{
	return is_ready(user_data, 0);
}

void vit_test_viewer_wait_hung_up(VitTestViewer *self)
{
	vit_test_wait("the server to hang up", PATIENCE_S, is_hung_up, self);
}

static uint32_t read_number(VitTestViewer *self, unsigned n_bytes)
{
	uint8_t bytes[4];
	uint32_t number = 0;

	vit_test_viewer_read(self, bytes, n_bytes);
	for (unsigned i = 0; i < n_bytes; i++) {
		number = number << 8 | bytes[i];
	}
	return number;
}

static void skip(VitTestViewer *self, size_t n_bytes)
{
	g_autofree uint8_t *unused = g_malloc(n_bytes + 1);

	vit_test_viewer_read(self, unused, n_bytes);
}

static void set_size(VitTestViewer *self, uint32_t width, uint32_t height)
{
	g_free(self->pixels);
	self->width = width;
	self->height = height;
	self->pixels = g_new0(uint32_t, (size_t)width * height);
}

static void read_name(VitTestViewer *self)
{
	uint32_t n_bytes = read_number(self, 4);

	g_free(self->name);
	self->name = g_malloc0(n_bytes + 1);
	vit_test_viewer_read(self, self->name, n_bytes);
}

/* The version, and the one security type that is offered. */
static void agree_on(VitTestViewer *self, uint8_t security)
{
	skip(self, VIT_RFB_VERSION_BYTES);
	vit_test_viewer_send(self, "RFB 003.008\n", VIT_RFB_VERSION_BYTES);
	g_assert_cmpuint(read_number(self, 2), ==, 0x0100u | security);
	vit_test_viewer_send(self, &security, 1);
}

/* ClientInit and ServerInit. */
static void initialize(VitTestViewer *self, bool shared)
{
	const uint8_t client_init = shared;
	uint32_t width, height;

	vit_test_viewer_send(self, &client_init, 1);
	width = read_number(self, 2);
	height = read_number(self, 2);
	set_size(self, width, height);
	skip(self, 16);
	read_name(self);
}

void vit_test_viewer_handshake(VitTestViewer *self, bool shared)
{
	agree_on(self, VIT_RFB_SECURITY_NONE);
	g_assert_cmpuint(read_number(self, 4), ==, VIT_RFB_SECURITY_OK);
	initialize(self, shared);
}

static uint8_t reverse_bits(uint8_t byte)
{
	uint8_t reversed = 0;

	for (unsigned i = 0; i < 8; i++) {
		reversed |= (uint8_t)((byte >> i & 1) << (7 - i));
	}
	return reversed;
}

bool vit_test_viewer_authenticate(VitTestViewer *self, const char *password, bool shared)
{
	uint8_t challenge[VIT_RFB_CHALLENGE_BYTES], key[DES_KEY_SIZE] = {0};
	struct des_ctx des;

	for (unsigned i = 0; i < DES_KEY_SIZE && password[i]; i++) {
		key[i] = reverse_bits((uint8_t)password[i]);
	}
	agree_on(self, VIT_RFB_SECURITY_VNC_AUTH);
	vit_test_viewer_read(self, challenge, sizeof(challenge));
	(void)des_set_key(&des, key);
	des_encrypt(&des, sizeof(challenge), challenge, challenge);
	vit_test_viewer_send(self, challenge, sizeof(challenge));
	if (read_number(self, 4) != VIT_RFB_SECURITY_OK) {
		return false;
	}
	initialize(self, shared);
	return true;
}

static void append_u16(GByteArray *out, uint16_t number)
{
	const uint8_t bytes[2] = {(uint8_t)(number >> 8), (uint8_t)number};

	g_byte_array_append(out, bytes, 2);
}

static void append_u32(GByteArray *out, uint32_t number)
{
	append_u16(out, (uint16_t)(number >> 16));
	append_u16(out, (uint16_t)number);
}

static void append_rect(GByteArray *out, VitRect rect)
{
	append_u16(out, (uint16_t)rect.x);
	append_u16(out, (uint16_t)rect.y);
	append_u16(out, (uint16_t)rect.width);
	append_u16(out, (uint16_t)rect.height);
}

static void send_message(VitTestViewer *self, const GByteArray *message)
{
	vit_test_viewer_send(self, message->data, message->len);
}

void vit_test_viewer_set_encodings(VitTestViewer *self, const int32_t *encodings,
				   unsigned n_encodings)
{
	g_autoptr(GByteArray) message = g_byte_array_new();

	append_u16(message, VIT_RFB_CLIENT_SET_ENCODINGS << 8);
	append_u16(message, (uint16_t)n_encodings);
	for (unsigned i = 0; i < n_encodings; i++) {
		append_u32(message, (uint32_t)encodings[i]);
	}
	send_message(self, message);
}

void vit_test_viewer_request(VitTestViewer *self, bool incremental, VitRect rect)
{
	g_autoptr(GByteArray) message = g_byte_array_new();

	append_u16(message, (uint16_t)(VIT_RFB_CLIENT_UPDATE_REQUEST << 8 | incremental));
	append_rect(message, rect);
	send_message(self, message);
}

static VitRect everything(const VitTestViewer *self)
{
	return (VitRect){0, 0, (int32_t)self->width, (int32_t)self->height};
}

void vit_test_viewer_request_all(VitTestViewer *self, bool incremental)
{
	vit_test_viewer_request(self, incremental, everything(self));
}

void vit_test_viewer_enable_continuous_updates(VitTestViewer *self, bool enable)
{
	g_autoptr(GByteArray) message = g_byte_array_new();

	append_u16(message, (uint16_t)(VIT_RFB_CLIENT_CONTINUOUS_UPDATES << 8 | enable));
	append_rect(message, everything(self));
	send_message(self, message);
}

void vit_test_viewer_send_fence(VitTestViewer *self, uint32_t flags, const void *payload,
				uint8_t n_bytes)
{
	g_autoptr(GByteArray) message = g_byte_array_new();

	append_u32(message, (uint32_t)VIT_RFB_CLIENT_FENCE << 24);
	append_u32(message, flags);
	g_byte_array_append(message, &n_bytes, 1);
	g_byte_array_append(message, payload, n_bytes);
	send_message(self, message);
}

void vit_test_viewer_set_desktop_size(VitTestViewer *self, uint16_t width, uint16_t height,
				      uint8_t n_screens)
{
	g_autoptr(GByteArray) message = g_byte_array_new();

	append_u16(message, VIT_RFB_CLIENT_SET_DESKTOP_SIZE << 8);
	append_u16(message, width);
	append_u16(message, height);
	append_u16(message, (uint16_t)(n_screens << 8));
	for (unsigned i = 0; i < n_screens; i++) {
		append_u32(message, i);
		append_rect(message, (VitRect){0, 0, width, height});
		append_u32(message, 0);
	}
	send_message(self, message);
}

void vit_test_viewer_send_pointer(VitTestViewer *self, uint8_t buttons, uint16_t x, uint16_t y)
{
	const uint8_t message[] = {VIT_RFB_CLIENT_POINTER_EVENT,
				   buttons,
				   (uint8_t)(x >> 8),
				   (uint8_t)x,
				   (uint8_t)(y >> 8),
				   (uint8_t)y};

	vit_test_viewer_send(self, message, sizeof(message));
}

void vit_test_viewer_send_key(VitTestViewer *self, bool down, uint32_t keysym)
{
	g_autoptr(GByteArray) message = g_byte_array_new();

	append_u16(message, (uint16_t)(VIT_RFB_CLIENT_KEY_EVENT << 8 | down));
	append_u16(message, 0);
	append_u32(message, keysym);
	send_message(self, message);
}

static void take_raw(VitTestViewer *self, VitRect rect)
{
	g_assert_cmpint(rect.x + rect.width, <=, self->width);
	g_assert_cmpint(rect.y + rect.height, <=, self->height);
	for (int32_t y = rect.y; y < rect.y + rect.height; y++) {
		vit_test_viewer_read(self, self->pixels + (size_t)y * self->width + rect.x,
				     (size_t)rect.width * 4);
	}
	self->n_pixel_rects++;
	self->n_pixels += (uint64_t)rect.width * (uint64_t)rect.height;
}

static void take_copy_rect(VitTestViewer *self, VitRect rect)
{
	uint32_t from_x = read_number(self, 2), from_y = read_number(self, 2);
	g_autofree uint32_t *copy = g_memdup2(self->pixels, (size_t)self->width * self->height * 4);

	for (int32_t y = 0; y < rect.height; y++) {
		memcpy(self->pixels + (size_t)(rect.y + y) * self->width + rect.x,
		       copy + (size_t)(from_y + (uint32_t)y) * self->width + from_x,
		       (size_t)rect.width * 4);
	}
	self->n_pixel_rects++;
}

static void take_cursor(VitTestViewer *self, VitRect rect, bool has_alpha)
{
	size_t n_pixels = (size_t)rect.width * (size_t)rect.height;
	size_t n_mask_bytes = (size_t)((rect.width + 7) / 8) * (size_t)rect.height;
	g_autofree uint32_t *pixels = g_new0(uint32_t, n_pixels + 1);
	g_autofree uint8_t *mask = g_malloc0(n_mask_bytes + 1);

	if (has_alpha) {
		g_assert_cmpuint(read_number(self, 4), ==, VIT_RFB_ENCODING_RAW);
	}
	vit_test_viewer_read(self, pixels, n_pixels * 4);
	if (!has_alpha) {
		vit_test_viewer_read(self, mask, n_mask_bytes);
	}
	self->n_cursors++;
	self->cursor = rect;
	self->cursor_has_alpha = has_alpha;
	self->cursor_first_pixel = pixels[0];
	self->cursor_first_mask = mask[0];
}

static void take_extended_desktop_size(VitTestViewer *self, VitRect rect)
{
	unsigned n_screens = read_number(self, 4) >> 24;

	skip(self, n_screens * 16);
	self->n_desktop_sizes++;
	self->size_reason = (unsigned)rect.x;
	self->size_result = (unsigned)rect.y;
	if (rect.width != (int32_t)self->width || rect.height != (int32_t)self->height) {
		set_size(self, (uint32_t)rect.width, (uint32_t)rect.height);
	}
}

static void take_pointer_position(VitTestViewer *self, VitRect rect)
{
	self->n_pointer_positions++;
	self->pointer_x = (uint32_t)rect.x;
	self->pointer_y = (uint32_t)rect.y;
}

static void take_rect(VitTestViewer *self)
{
	VitRect rect = {
		.x = (int32_t)read_number(self, 2),
		.y = (int32_t)read_number(self, 2),
		.width = (int32_t)read_number(self, 2),
		.height = (int32_t)read_number(self, 2),
	};
	int32_t encoding = (int32_t)read_number(self, 4);

	switch (encoding) {
	case VIT_RFB_ENCODING_RAW:
		take_raw(self, rect);
		break;
	case VIT_RFB_ENCODING_COPY_RECT:
		take_copy_rect(self, rect);
		break;
	case VIT_RFB_PSEUDO_DESKTOP_SIZE:
		self->n_desktop_sizes++;
		set_size(self, (uint32_t)rect.width, (uint32_t)rect.height);
		break;
	case VIT_RFB_PSEUDO_EXTENDED_DESKTOP_SIZE:
		take_extended_desktop_size(self, rect);
		break;
	case VIT_RFB_PSEUDO_DESKTOP_NAME:
		read_name(self);
		break;
	case VIT_RFB_PSEUDO_CURSOR:
	case VIT_RFB_PSEUDO_CURSOR_WITH_ALPHA:
		take_cursor(self, rect, encoding == VIT_RFB_PSEUDO_CURSOR_WITH_ALPHA);
		break;
	case VIT_RFB_PSEUDO_POINTER_POSITION:
		take_pointer_position(self, rect);
		break;
	case VIT_RFB_PSEUDO_QEMU_LED_STATE:
		self->n_leds++;
		self->leds = read_number(self, 1);
		break;
	case VIT_RFB_PSEUDO_QEMU_EXTENDED_KEY_EVENT:
		self->n_extended_keys++;
		break;
	case VIT_RFB_PSEUDO_EXTENDED_MOUSE_BUTTONS:
		self->n_extended_buttons++;
		break;
	case VIT_RFB_PSEUDO_QEMU_POINTER_MOTION_CHANGE:
		self->n_pointer_modes++;
		self->pointer_absolute = rect.x != 0;
		break;
	default:
		g_error("a rectangle of an encoding that was not asked for: %d", encoding);
	}
}

static void take_fence(VitTestViewer *self)
{
	skip(self, 3);
	self->fence_flags = read_number(self, 4);
	self->n_fence_bytes = read_number(self, 1);
	vit_test_viewer_read(self, self->fence_payload, self->n_fence_bytes);
	if (self->fence_flags & VIT_RFB_FENCE_REQUEST) {
		self->n_fence_requests++;
	} else {
		self->n_fence_replies++;
	}
}

static void take_rects(VitTestViewer *self)
{
	skip(self, 1);
	self->n_rects = read_number(self, 2);
	self->n_pixel_rects = 0;
	self->n_pixels = 0;
	for (unsigned i = 0; i < self->n_rects; i++) {
		take_rect(self);
	}
}

unsigned vit_test_viewer_take_message(VitTestViewer *self)
{
	unsigned type = read_number(self, 1);

	switch (type) {
	case VIT_RFB_SERVER_FRAMEBUFFER_UPDATE:
		take_rects(self);
		break;
	case VIT_RFB_SERVER_END_OF_CONTINUOUS_UPDATES:
		self->n_ends_of_continuous_updates++;
		break;
	case VIT_RFB_SERVER_FENCE:
		take_fence(self);
		break;
	default:
		g_error("a message of unknown type %u", type);
	}
	return type;
}

void vit_test_viewer_take_update(VitTestViewer *self)
{
	while (vit_test_viewer_take_message(self) != VIT_RFB_SERVER_FRAMEBUFFER_UPDATE) {
	}
}

bool vit_test_viewer_has_message(VitTestViewer *self)
{
	int n_bytes = 0;

	vit_test_run_for_ms(QUIET_MS);
	(void)ioctl(self->fd, FIONREAD, &n_bytes);
	return n_bytes > 0;
}

uint32_t vit_test_viewer_get_pixel(const VitTestViewer *self, uint32_t x, uint32_t y)
{
	return self->pixels[(size_t)y * self->width + x];
}
