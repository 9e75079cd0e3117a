/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* The handshake of each protocol version, byte by byte, and each way to fail it. */
#include "server/vnc/handshake.h"

#include <nettle/des.h>
#include <string.h>

#include "config/error.h"
#include "server/vnc/rfb-protocol.h"
#include "tests/support/fixture.h"

#define GREETING "RFB 003.008\n"

/* Feeds one byte after the other, as a slow network does, until the state changes. */
static VitRfbHandshakeState feed(VitRfbHandshake *handshake, const char *bytes, size_t n_bytes,
				 GByteArray *reply, GError **error)
{
	VitRfbHandshakeState state = VIT_RFB_HANDSHAKE_NEED_MORE;
	VitRfbSpan span = {(const uint8_t *)bytes, 0};

	g_byte_array_set_size(reply, 0);
	for (size_t i = 0; i < n_bytes && state == VIT_RFB_HANDSHAKE_NEED_MORE; i++) {
		span.n_bytes++;
		state = vit_rfb_handshake_feed(handshake, &span, reply, error);
	}
	return state;
}

static VitRfbHandshake *greet(const VitRfbHandshakeOptions *options, GByteArray *reply)
{
	VitRfbHandshake *handshake;

	g_byte_array_set_size(reply, 0);
	handshake = vit_rfb_handshake_new(options, reply);
	g_assert_cmpmem(reply->data, reply->len, GREETING, 12);
	return handshake;
}

/* What a viewer computes, written out independently of the product: DES with mirrored key bytes. */
static void respond(const char *password, const uint8_t *challenge, char *ret_response)
{
	uint8_t key[8] = {0};
	struct des_ctx des;

	for (unsigned i = 0; i < strlen(password) && i < 8; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			if (password[i] & 1 << bit) {
				key[i] = (uint8_t)(key[i] | 0x80 >> bit);
			}
		}
	}
	(void)des_set_key(&des, key);
	des_encrypt(&des, 16, (uint8_t *)ret_response, challenge);
}

static VitVncPassword password_of(const char *text)
{
	VitVncPassword password;

	vit_vnc_password_set(&password, text, strlen(text));
	return password;
}

static void test_none_3_3(void)
{
	g_autoptr(GByteArray) reply = g_byte_array_new();
	g_autoptr(VitRfbHandshake) handshake = greet(&(VitRfbHandshakeOptions){0}, reply);

	g_assert_cmpint(feed(handshake, "RFB 003.003\n", 12, reply, NULL), ==,
			VIT_RFB_HANDSHAKE_NEED_MORE);
	g_assert_cmpmem(reply->data, reply->len, "\0\0\0\1", 4);
	g_assert_cmpint(feed(handshake, "\0", 1, reply, NULL), ==, VIT_RFB_HANDSHAKE_READY);
	g_assert_cmpuint(reply->len, ==, 0);
	g_assert_false(vit_rfb_handshake_is_shared(handshake));
	g_assert_false(vit_rfb_handshake_is_view_only(handshake));
	g_assert_cmpuint(vit_rfb_handshake_get_minor_version(handshake), ==, 3);
}

static void test_none_3_7(void)
{
	g_autoptr(GByteArray) reply = g_byte_array_new();
	g_autoptr(VitRfbHandshake) handshake = greet(&(VitRfbHandshakeOptions){0}, reply);

	g_assert_cmpint(feed(handshake, "RFB 003.007\n", 12, reply, NULL), ==,
			VIT_RFB_HANDSHAKE_NEED_MORE);
	g_assert_cmpmem(reply->data, reply->len, "\1\1", 2);
	g_assert_cmpint(feed(handshake, "\1", 1, reply, NULL), ==, VIT_RFB_HANDSHAKE_NEED_MORE);
	g_assert_cmpuint(reply->len, ==, 0);
	g_assert_cmpint(feed(handshake, "\1", 1, reply, NULL), ==, VIT_RFB_HANDSHAKE_READY);
	g_assert_true(vit_rfb_handshake_is_shared(handshake));
	g_assert_cmpuint(vit_rfb_handshake_get_minor_version(handshake), ==, 7);
}

static void test_none_3_8(void)
{
	g_autoptr(GByteArray) reply = g_byte_array_new();
	g_autoptr(VitRfbHandshake) handshake = greet(&(VitRfbHandshakeOptions){0}, reply);

	g_assert_cmpint(feed(handshake, "RFB 003.008\n", 12, reply, NULL), ==,
			VIT_RFB_HANDSHAKE_NEED_MORE);
	g_assert_cmpmem(reply->data, reply->len, "\1\1", 2);
	g_assert_cmpint(feed(handshake, "\1", 1, reply, NULL), ==, VIT_RFB_HANDSHAKE_NEED_MORE);
	g_assert_cmpmem(reply->data, reply->len, "\0\0\0\0", 4);
	g_assert_cmpint(feed(handshake, "\1", 1, reply, NULL), ==, VIT_RFB_HANDSHAKE_READY);
	g_assert_cmpuint(vit_rfb_handshake_get_minor_version(handshake), ==, 8);
}

static void test_other_versions(void)
{
	static const struct {
		const char *version;
		unsigned minor;
	} cases[] = {
		{"RFB 003.000\n", 3}, {"RFB 003.005\n", 3}, {"RFB 003.006\n", 3},
		{"RFB 003.009\n", 8}, {"RFB 003.889\n", 8}, {"RFB 004.001\n", 8},
		{"RFB 005.000\n", 8}, {"RFB 999.999\n", 8},
	};
	g_autoptr(GByteArray) reply = g_byte_array_new();

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(VitRfbHandshake) handshake = greet(&(VitRfbHandshakeOptions){0}, reply);

		g_assert_cmpint(feed(handshake, cases[i].version, 12, reply, NULL), ==,
				VIT_RFB_HANDSHAKE_NEED_MORE);
		g_assert_cmpuint(vit_rfb_handshake_get_minor_version(handshake), ==,
				 cases[i].minor);
	}
}

static void test_garbage_version(void)
{
	static const char *const cases[] = {
		"GET / HTTP/1.1\r\n", "R",  "RFC 003.008\n",  "RFB 003,008\n", "RFB 0x3.008\n",
		"RFB 003.008 ",       "\n", "RFB 002.008\n",  "RFB 000.000\n", "\x16\x03\x01\x02",
		"\xff\xff\xff",       " ",  "RFB 003.008\r\n"};
	g_autoptr(GByteArray) reply = g_byte_array_new();

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(VitRfbHandshake) handshake = greet(&(VitRfbHandshakeOptions){0}, reply);
		g_autoptr(GError) error = NULL;
		VitRfbHandshakeState state =
			feed(handshake, cases[i], strlen(cases[i]), reply, &error);

		if (strcmp(cases[i], "R") == 0) {
			g_assert_cmpint(state, ==, VIT_RFB_HANDSHAKE_NEED_MORE);
			continue;
		}
		g_assert_cmpint(state, ==, VIT_RFB_HANDSHAKE_FAILED);
		g_assert_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
		g_assert_true(g_utf8_validate(error->message, -1, NULL));
		g_assert_cmpuint(reply->len, ==, 0);
	}
}

static void test_type_not_offered(void)
{
	g_autoptr(GByteArray) reply = g_byte_array_new();
	g_autoptr(VitRfbHandshake) handshake = greet(&(VitRfbHandshakeOptions){0}, reply);
	g_autoptr(GError) error = NULL;

	(void)feed(handshake, "RFB 003.008\n", 12, reply, NULL);
	g_assert_cmpint(feed(handshake, "\2", 1, reply, &error), ==, VIT_RFB_HANDSHAKE_FAILED);
	g_assert_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
	g_assert_nonnull(strstr(error->message, "security type 2"));
	g_assert_cmpmem(reply->data, 4, "\0\0\0\1", 4);
}

/* With a password set, "None" is not a way around it. */
static void test_none_refused_with_password(void)
{
	VitVncPassword password = password_of("geheim");
	g_autoptr(GByteArray) reply = g_byte_array_new();
	g_autoptr(VitRfbHandshake) handshake =
		greet(&(VitRfbHandshakeOptions){.password = &password}, reply);
	g_autoptr(GError) error = NULL;

	(void)feed(handshake, "RFB 003.008\n", 12, reply, NULL);
	g_assert_cmpmem(reply->data, reply->len, "\1\2", 2);
	g_assert_cmpint(feed(handshake, "\1", 1, reply, &error), ==, VIT_RFB_HANDSHAKE_FAILED);
	g_assert_error(error, VIT_ERROR, VIT_ERROR_INVALID_METADATA);
}

/* Goes through VNC authentication up to the answer to it. */
static VitRfbHandshakeState authenticate(VitRfbHandshake *handshake, char minor,
					 const char *password, GByteArray *reply, GError **error)
{
	char version[] = GREETING;
	char response[16];

	version[10] = minor;
	g_assert_cmpint(feed(handshake, version, 12, reply, NULL), ==, VIT_RFB_HANDSHAKE_NEED_MORE);
	if (minor == '3') {
		g_assert_cmpuint(reply->len, ==, 20);
		g_assert_cmpmem(reply->data, 4, "\0\0\0\2", 4);
		respond(password, reply->data + 4, response);
	} else {
		g_assert_cmpmem(reply->data, reply->len, "\1\2", 2);
		g_assert_cmpint(feed(handshake, "\2", 1, reply, NULL), ==,
				VIT_RFB_HANDSHAKE_NEED_MORE);
		g_assert_cmpuint(reply->len, ==, 16);
		respond(password, reply->data, response);
	}
	return feed(handshake, response, sizeof response, reply, error);
}

static void test_password_right(void)
{
	VitVncPassword password = password_of("ge\xffheim"), view_only = password_of("nurgucken");
	VitRfbHandshakeOptions options = {.password = &password, .view_only_password = &view_only};
	g_autoptr(GByteArray) reply = g_byte_array_new();

	for (const char *minor = "378"; *minor; minor++) {
		g_autoptr(VitRfbHandshake) full = greet(&options, reply);
		g_autoptr(VitRfbHandshake) viewer = NULL;

		g_assert_cmpint(authenticate(full, *minor, "ge\xffheim", reply, NULL), ==,
				VIT_RFB_HANDSHAKE_NEED_MORE);
		g_assert_cmpmem(reply->data, reply->len, "\0\0\0\0", 4);
		g_assert_cmpint(feed(full, "\1", 1, reply, NULL), ==, VIT_RFB_HANDSHAKE_READY);
		g_assert_false(vit_rfb_handshake_is_view_only(full));

		/* Eight bytes count. */
		viewer = greet(&options, reply);
		g_assert_cmpint(authenticate(viewer, *minor, "nurgucke", reply, NULL), ==,
				VIT_RFB_HANDSHAKE_NEED_MORE);
		g_assert_cmpint(feed(viewer, "\1", 1, reply, NULL), ==, VIT_RFB_HANDSHAKE_READY);
		g_assert_true(vit_rfb_handshake_is_view_only(viewer));
	}
}

static void test_password_wrong(void)
{
	VitVncPassword password = password_of("geheim");
	g_autoptr(GByteArray) reply = g_byte_array_new();

	for (const char *minor = "378"; *minor; minor++) {
		VitRfbHandshakeOptions options = {.password = &password};
		g_autoptr(VitRfbHandshake) handshake = greet(&options, reply);
		g_autoptr(GError) error = NULL;

		g_assert_cmpint(authenticate(handshake, *minor, "Geheim", reply, &error), ==,
				VIT_RFB_HANDSHAKE_WRONG_PASSWORD);
		g_assert_error(error, VIT_ERROR, VIT_ERROR_DISCONNECTED);
		g_assert_cmpmem(reply->data, 4, "\0\0\0\1", 4);
		/* Only 3.8 has a place for the reason. */
		g_assert_cmpuint(reply->len, ==, *minor == '8' ? 4 + 4 + reply->data[7] : 4);
	}
}

/* The password that is not set is not the empty one. */
static void test_password_unset_is_no_password(void)
{
	VitVncPassword password = password_of("geheim");
	const VitRfbHandshakeOptions cases[] = {{.password = &password},
						{.view_only_password = &password}};
	g_autoptr(GByteArray) reply = g_byte_array_new();

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(VitRfbHandshake) handshake = greet(&cases[i], reply);

		g_assert_cmpint(authenticate(handshake, '8', "", reply, NULL), ==,
				VIT_RFB_HANDSHAKE_WRONG_PASSWORD);
	}
}

static void test_view_only_password_alone(void)
{
	VitVncPassword password = password_of("nurgucke");
	VitRfbHandshakeOptions options = {.view_only_password = &password};
	g_autoptr(GByteArray) reply = g_byte_array_new();
	g_autoptr(VitRfbHandshake) handshake = greet(&options, reply);

	g_assert_cmpint(authenticate(handshake, '8', "nurgucke", reply, NULL), ==,
			VIT_RFB_HANDSHAKE_NEED_MORE);
	g_assert_cmpint(feed(handshake, "\1", 1, reply, NULL), ==, VIT_RFB_HANDSHAKE_READY);
	g_assert_true(vit_rfb_handshake_is_view_only(handshake));
}

static void test_challenges_differ(void)
{
	VitVncPassword password = password_of("geheim");
	VitRfbHandshakeOptions options = {.password = &password};
	g_autoptr(GByteArray) first = g_byte_array_new(), second = g_byte_array_new();
	g_autoptr(VitRfbHandshake) one = greet(&options, first);
	g_autoptr(VitRfbHandshake) other = greet(&options, second);

	(void)feed(one, "RFB 003.003\n", 12, first, NULL);
	(void)feed(other, "RFB 003.003\n", 12, second, NULL);
	g_assert_cmpuint(first->len, ==, second->len);
	g_assert_true(memcmp(first->data, second->data, first->len) != 0);
}

static void test_refusal(void)
{
	VitRfbHandshakeOptions options = {.refusal = "Full."};
	g_autoptr(GByteArray) reply = g_byte_array_new();
	g_autoptr(VitRfbHandshake) old = greet(&options, reply);
	g_autoptr(VitRfbHandshake) recent = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(feed(old, "RFB 003.003\n", 12, reply, &error), ==,
			VIT_RFB_HANDSHAKE_FAILED);
	g_assert_error(error, VIT_ERROR, VIT_ERROR_DISCONNECTED);
	g_assert_nonnull(strstr(error->message, "Full."));
	g_assert_cmpmem(reply->data, reply->len, "\0\0\0\0\0\0\0\5Full.", 13);

	recent = greet(&options, reply);
	g_assert_cmpint(feed(recent, "RFB 003.008\n", 12, reply, NULL), ==,
			VIT_RFB_HANDSHAKE_FAILED);
	g_assert_cmpmem(reply->data, reply->len, "\0\0\0\0\5Full.", 10);
}

/* A viewer may send on without waiting: what follows ClientInit stays for the message parser. */
static void test_leaves_what_follows(void)
{
	static const char wire[] = "RFB 003.008\n\1\1\3rest";
	g_autoptr(GByteArray) reply = g_byte_array_new();
	g_autoptr(VitRfbHandshake) handshake = greet(&(VitRfbHandshakeOptions){0}, reply);
	VitRfbSpan span = {(const uint8_t *)wire, sizeof wire - 1};

	g_assert_cmpint(vit_rfb_handshake_feed(handshake, &span, reply, NULL), ==,
			VIT_RFB_HANDSHAKE_READY);
	g_assert_cmpmem(span.bytes, span.n_bytes, "\3rest", 5);
}

static void test_server_init(void)
{
	const VitRfbPixelFormat format = {.bits_per_pixel = 32, .depth = 24, .true_colour = true};
	g_autofree char *long_name = g_strnfill(254, 'x');
	g_autofree char *too_long = g_strconcat(long_name, "ä", NULL);
	g_autoptr(GByteArray) out = g_byte_array_new();

	vit_rfb_server_init(out, 0x0780, 0x0438, &format, "vm");
	g_assert_cmpuint(out->len, ==, 4 + 16 + 4 + 2);
	g_assert_cmpmem(out->data, 8, "\x07\x80\x04\x38\x20\x18\0\1", 8);
	g_assert_cmpmem(out->data + 20, 6, "\0\0\0\2vm", 6);

	/* Half a character is not sent. */
	g_byte_array_set_size(out, 0);
	vit_rfb_server_init(out, 1, 1, &format, too_long);
	g_assert_cmpuint(out->len, ==, 24 + 254);
	g_assert_cmpuint(out->data[23], ==, 254);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/handshake/none/3.3", test_none_3_3);
	vit_test_add("/handshake/none/3.7", test_none_3_7);
	vit_test_add("/handshake/none/3.8", test_none_3_8);
	vit_test_add("/handshake/version/others", test_other_versions);
	vit_test_add("/handshake/version/garbage", test_garbage_version);
	vit_test_add("/handshake/type-not-offered", test_type_not_offered);
	vit_test_add("/handshake/none-refused-with-password", test_none_refused_with_password);
	vit_test_add("/handshake/password/right", test_password_right);
	vit_test_add("/handshake/password/wrong", test_password_wrong);
	vit_test_add("/handshake/password/unset-is-no-password",
		     test_password_unset_is_no_password);
	vit_test_add("/handshake/password/view-only-alone", test_view_only_password_alone);
	vit_test_add("/handshake/challenges-differ", test_challenges_differ);
	vit_test_add("/handshake/refusal", test_refusal);
	vit_test_add("/handshake/leaves-what-follows", test_leaves_what_follows);
	vit_test_add("/handshake/server-init", test_server_init);
	return g_test_run();
}
