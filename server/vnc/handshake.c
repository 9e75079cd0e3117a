/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The handshake as a state machine. The versions differ: in 3.3 the server dictates one security
 * type as a u32, from 3.7 it offers a list and the viewer picks; SecurityResult after "None" and a
 * reason after a failure exist only in 3.8. Authentication is DES over 16 random bytes with the
 * password as key, each byte of it bit-reversed (a quirk of the first implementation that every
 * other one copied).
 */
#include "server/vnc/handshake.h"

#include <errno.h>
#include <nettle/des.h>
#include <nettle/memops.h>
#include <string.h>
#include <sys/random.h>

#include "config/error.h"
#include "server/vnc/rfb-protocol.h"

#define SERVER_VERSION "RFB 003.008\n"

#define MAX_NAME_BYTES 255

typedef enum Step {
	STEP_VERSION,
	STEP_SECURITY_TYPE,
	STEP_RESPONSE,
	STEP_CLIENT_INIT,
	STEP_DONE,
} Step;

struct VitRfbHandshake {
	Step step;
	bool has_password, has_view_only_password;
	VitVncPassword password, view_only_password;
	char *refusal; /* NULL: let in */
	uint8_t challenge[VIT_RFB_CHALLENGE_BYTES];
	unsigned minor_version;
	bool shared, view_only;
};

static void append_u32(GByteArray *out, uint32_t value)
{
	uint32_t wire = GUINT32_TO_BE(value);

	g_byte_array_append(out, (const uint8_t *)&wire, sizeof wire);
}

static void append_sentence(GByteArray *out, const char *sentence)
{
	append_u32(out, (uint32_t)strlen(sentence));
	g_byte_array_append(out, (const uint8_t *)sentence, (unsigned)strlen(sentence));
}

VitRfbHandshake *vit_rfb_handshake_new(const VitRfbHandshakeOptions *options, GByteArray *reply)
{
	VitRfbHandshake *self = g_new0(VitRfbHandshake, 1);

	if (options->password) {
		self->has_password = true;
		self->password = *options->password;
	}
	if (options->view_only_password) {
		self->has_view_only_password = true;
		self->view_only_password = *options->view_only_password;
	}
	self->refusal = g_strdup(options->refusal);
	g_byte_array_append(reply, (const uint8_t *)SERVER_VERSION, VIT_RFB_VERSION_BYTES);
	return self;
}

void vit_rfb_handshake_free(VitRfbHandshake *self)
{
	if (self) {
		vit_vnc_password_clear(&self->password);
		vit_vnc_password_clear(&self->view_only_password);
		g_free(self->refusal);
		g_free(self);
	}
}

bool vit_rfb_handshake_is_shared(const VitRfbHandshake *self)
{
	g_assert(self->step == STEP_DONE);
	return self->shared;
}

bool vit_rfb_handshake_is_view_only(const VitRfbHandshake *self)
{
	g_assert(self->step == STEP_DONE);
	return self->view_only;
}

unsigned vit_rfb_handshake_get_minor_version(const VitRfbHandshake *self)
{
	return self->minor_version;
}

/* Tells the viewer why, in the place of the security types. */
static VitRfbHandshakeState refuse(VitRfbHandshake *self, GByteArray *reply, GError **error)
{
	if (self->minor_version == 3) {
		append_u32(reply, VIT_RFB_SECURITY_INVALID);
	} else {
		g_byte_array_append(reply, (const uint8_t[]){0}, 1);
	}
	append_sentence(reply, self->refusal);
	g_set_error(error, VIT_ERROR, VIT_ERROR_DISCONNECTED, "the viewer was refused: %s",
		    self->refusal);
	return VIT_RFB_HANDSHAKE_FAILED;
}

static VitRfbHandshakeState send_challenge(VitRfbHandshake *self, GByteArray *reply, GError **error)
{
	/* Up to 256 bytes come whole, and are not interrupted once the kernel has its entropy. */
	if (getrandom(self->challenge, sizeof self->challenge, 0) !=
	    (ssize_t)sizeof self->challenge) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INTERNAL,
			    "the system gave no random bytes for a password challenge: %s",
			    g_strerror(errno));
		return VIT_RFB_HANDSHAKE_FAILED;
	}
	g_byte_array_append(reply, self->challenge, sizeof self->challenge);
	self->step = STEP_RESPONSE;
	return VIT_RFB_HANDSHAKE_NEED_MORE;
}

static VitRfbSecurity offered_security(const VitRfbHandshake *self)
{
	return self->has_password || self->has_view_only_password ? VIT_RFB_SECURITY_VNC_AUTH
								  : VIT_RFB_SECURITY_NONE;
}

static VitRfbHandshakeState begin_security(VitRfbHandshake *self, VitRfbSecurity security,
					   GByteArray *reply, GError **error)
{
	if (security == VIT_RFB_SECURITY_VNC_AUTH) {
		return send_challenge(self, reply, error);
	}
	if (self->minor_version == 8) {
		append_u32(reply, VIT_RFB_SECURITY_OK);
	}
	self->step = STEP_CLIENT_INIT;
	return VIT_RFB_HANDSHAKE_NEED_MORE;
}

/*
 * Versions between and above the three that exist are treated as the nearest below, as RFC 6143
 * §7.1.1 has it for 3.5; Apple's viewers say 3.889.
 */
static unsigned nearest_version(unsigned major, unsigned minor)
{
	if (major > 3 || minor >= 8) {
		return 8;
	}
	return minor == 7 ? 7 : 3;
}

static VitRfbHandshakeState not_rfb(const uint8_t *bytes, size_t n_bytes, GError **error)
{
	g_autofree char *text = g_strndup((const char *)bytes, n_bytes);
	g_autofree char *printable = g_strescape(text, NULL);

	g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
		    "the peer began with \"%s\" where a viewer says its RFB version; the "
		    "connection is closed",
		    printable);
	return VIT_RFB_HANDSHAKE_FAILED;
}

static VitRfbHandshakeState take_version(VitRfbHandshake *self, const uint8_t *bytes,
					 GByteArray *reply, GError **error)
{
	static const char shape[VIT_RFB_VERSION_BYTES + 1] = "RFB ddd.ddd\n";
	unsigned major, minor;

	for (unsigned i = 0; i < VIT_RFB_VERSION_BYTES; i++) {
		if (shape[i] == 'd' ? !g_ascii_isdigit(bytes[i]) : bytes[i] != shape[i]) {
			return not_rfb(bytes, VIT_RFB_VERSION_BYTES, error);
		}
	}
	major = (unsigned)((bytes[4] - '0') * 100 + (bytes[5] - '0') * 10 + bytes[6] - '0');
	minor = (unsigned)((bytes[8] - '0') * 100 + (bytes[9] - '0') * 10 + bytes[10] - '0');
	if (major < 3) {
		return not_rfb(bytes, VIT_RFB_VERSION_BYTES, error);
	}
	self->minor_version = nearest_version(major, minor);
	if (self->refusal) {
		return refuse(self, reply, error);
	}
	if (self->minor_version == 3) {
		append_u32(reply, offered_security(self));
		return begin_security(self, offered_security(self), reply, error);
	}
	g_byte_array_append(reply, (const uint8_t[]){1, (uint8_t)offered_security(self)}, 2);
	self->step = STEP_SECURITY_TYPE;
	return VIT_RFB_HANDSHAKE_NEED_MORE;
}

static VitRfbHandshakeState fail(VitRfbHandshake *self, GByteArray *reply, const char *reason)
{
	append_u32(reply, VIT_RFB_SECURITY_FAILED);
	if (self->minor_version == 8) {
		append_sentence(reply, reason);
	}
	return VIT_RFB_HANDSHAKE_FAILED;
}

static VitRfbHandshakeState take_security_type(VitRfbHandshake *self, const uint8_t *bytes,
					       GByteArray *reply, GError **error)
{
	if (bytes[0] != offered_security(self)) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA,
			    "the viewer chose security type %u, which was not offered; the "
			    "connection is closed",
			    bytes[0]);
		return fail(self, reply, "This security type was not offered.");
	}
	return begin_security(self, bytes[0], reply, error);
}

/* Whether @response is what a viewer makes of the challenge with this password. */
static bool password_matches(const VitRfbHandshake *self, const VitVncPassword *password,
			     const uint8_t *response)
{
	uint8_t key[DES_KEY_SIZE];
	uint8_t expected[VIT_RFB_CHALLENGE_BYTES];
	struct des_ctx des;
	bool matches;

	for (unsigned i = 0; i < DES_KEY_SIZE; i++) {
		uint8_t byte = password->bytes[i];

		key[i] = 0;
		for (unsigned bit = 0; bit < 8; bit++) {
			key[i] = (uint8_t)(key[i] | (byte >> bit & 1) << (7 - bit));
		}
	}
	/* It warns of weak keys; a weak password is still the one that was set. */
	(void)des_set_key(&des, key);
	des_encrypt(&des, sizeof expected, expected, self->challenge);
	matches = memeql_sec(expected, response, sizeof expected) != 0;
	explicit_bzero(key, sizeof key);
	explicit_bzero(&des, sizeof des);
	return matches;
}

static VitRfbHandshakeState take_response(VitRfbHandshake *self, const uint8_t *bytes,
					  GByteArray *reply, GError **error)
{
	/* Both are always tried, so that the time taken does not tell which one exists. */
	bool full = password_matches(self, &self->password, bytes) && self->has_password;
	bool view_only = password_matches(self, &self->view_only_password, bytes) &&
			 self->has_view_only_password;

	if (!full && !view_only) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_DISCONNECTED,
			    "the viewer gave a wrong password");
		(void)fail(self, reply, "The password is wrong.");
		return VIT_RFB_HANDSHAKE_WRONG_PASSWORD;
	}
	self->view_only = !full;
	append_u32(reply, VIT_RFB_SECURITY_OK);
	self->step = STEP_CLIENT_INIT;
	return VIT_RFB_HANDSHAKE_NEED_MORE;
}

static size_t step_size(Step step)
{
	switch (step) {
	case STEP_VERSION:
		return VIT_RFB_VERSION_BYTES;
	case STEP_SECURITY_TYPE:
	case STEP_CLIENT_INIT:
		return 1;
	case STEP_RESPONSE:
		return VIT_RFB_CHALLENGE_BYTES;
	case STEP_DONE:
		break;
	}
	g_assert_not_reached();
}

static VitRfbHandshakeState take_step(VitRfbHandshake *self, const uint8_t *bytes,
				      GByteArray *reply, GError **error)
{
	switch (self->step) {
	case STEP_VERSION:
		return take_version(self, bytes, reply, error);
	case STEP_SECURITY_TYPE:
		return take_security_type(self, bytes, reply, error);
	case STEP_RESPONSE:
		return take_response(self, bytes, reply, error);
	case STEP_CLIENT_INIT:
		self->shared = bytes[0] != 0;
		self->step = STEP_DONE;
		return VIT_RFB_HANDSHAKE_READY;
	case STEP_DONE:
		break;
	}
	g_assert_not_reached();
}

VitRfbHandshakeState vit_rfb_handshake_feed(VitRfbHandshake *self, VitRfbSpan *span,
					    GByteArray *reply, GError **error)
{
	VitRfbHandshakeState state = VIT_RFB_HANDSHAKE_NEED_MORE;

	while (state == VIT_RFB_HANDSHAKE_NEED_MORE && span->n_bytes >= step_size(self->step)) {
		size_t size = step_size(self->step);
		const uint8_t *bytes = span->bytes;

		span->bytes += size;
		span->n_bytes -= size;
		state = take_step(self, bytes, reply, error);
	}
	/* Who is not a viewer at all need not be waited for until twelve bytes are there. */
	if (state == VIT_RFB_HANDSHAKE_NEED_MORE && self->step == STEP_VERSION &&
	    span->n_bytes > 0 &&
	    memcmp(span->bytes, SERVER_VERSION, MIN(span->n_bytes, strlen("RFB "))) != 0) {
		return not_rfb(span->bytes, span->n_bytes, error);
	}
	return state;
}

static size_t cut_name(const char *name)
{
	size_t length = strlen(name);

	if (length > MAX_NAME_BYTES) {
		length = MAX_NAME_BYTES;
		while (length > 0 && ((uint8_t)name[length] & 0xc0) == 0x80) {
			length--;
		}
	}
	return length;
}

void vit_rfb_server_init(GByteArray *out, uint16_t width, uint16_t height,
			 const VitRfbPixelFormat *format, const char *name)
{
	size_t n_name_bytes = cut_name(name);

	append_u32(out, (uint32_t)width << 16 | height);
	vit_rfb_pixel_format_append(out, format);
	append_u32(out, (uint32_t)n_name_bytes);
	g_byte_array_append(out, (const uint8_t *)name, (unsigned)n_name_bytes);
}
