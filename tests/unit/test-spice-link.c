/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* The first message on a SPICE socket: what it says, and each way to refuse it. */
#include <spice/enums.h>
#include <spice/protocol.h>
#include <string.h>

#include "server/spice/link-message.h"
#include "tests/support/fixture.h"

/* A link message with one word of capabilities of each kind. All is little endian, as most CPUs. */
typedef struct Message {
	SpiceLinkHeader header;
	SpiceLinkMess link;
	uint32_t common_caps, channel_caps;
} __attribute__((packed)) Message;

static Message make_message(uint32_t connection_id, uint8_t channel_type)
{
	return (Message){
		.header =
			{
				.magic = SPICE_MAGIC,
				.major_version = SPICE_VERSION_MAJOR,
				.minor_version = SPICE_VERSION_MINOR,
				.size = sizeof(Message) - sizeof(SpiceLinkHeader),
			},
		.link =
			{
				.connection_id = connection_id,
				.channel_type = channel_type,
				.num_common_caps = 1,
				.num_channel_caps = 1,
				.caps_offset = sizeof(SpiceLinkMess),
			},
	};
}

static VitSpiceLink assert_complete(const Message *message)
{
	VitSpiceLink link;
	const char *reason = NULL;

	g_assert_cmpint(
		vit_spice_link_read((const uint8_t *)message, sizeof(*message), &link, &reason), ==,
		VIT_SPICE_LINK_COMPLETE);
	g_assert_null(reason);
	return link;
}

static void assert_refused(const Message *message)
{
	VitSpiceLink link;
	const char *reason = NULL;

	g_assert_cmpint(
		vit_spice_link_read((const uint8_t *)message, sizeof(*message), &link, &reason), ==,
		VIT_SPICE_LINK_REFUSED);
	g_assert_nonnull(reason);
}

static void test_main(void)
{
	Message message = make_message(0, SPICE_CHANNEL_MAIN);
	VitSpiceLink link = assert_complete(&message);

	g_assert_cmpuint(link.connection_id, ==, 0);
	g_assert_cmpuint(link.channel_type, ==, SPICE_CHANNEL_MAIN);
	g_assert_false(link.takes_buffers);
}

static void test_display(void)
{
	Message message = make_message(0x01020304, SPICE_CHANNEL_DISPLAY);
	VitSpiceLink link;

	message.link.channel_id = 3;
	message.channel_caps = 1 << SPICE_DISPLAY_CAP_GL_SCANOUT;
	link = assert_complete(&message);
	g_assert_cmphex(link.connection_id, ==, 0x01020304);
	g_assert_cmpuint(link.channel_type, ==, SPICE_CHANNEL_DISPLAY);
	g_assert_cmpuint(link.channel_id, ==, 3);
	g_assert_true(link.takes_buffers);
	message.channel_caps = ~(1u << SPICE_DISPLAY_CAP_GL_SCANOUT);
	g_assert_false(assert_complete(&message).takes_buffers);
}

/* Capabilities that are not there are not set, wherever they claim to be. */
static void test_capabilities_outside(void)
{
	Message message = make_message(1, SPICE_CHANNEL_DISPLAY);
	static const uint32_t offsets[] = {sizeof(SpiceLinkMess) + 4, 4096, UINT32_MAX,
					   UINT32_MAX - 3};

	message.channel_caps = UINT32_MAX;
	for (unsigned i = 0; i < G_N_ELEMENTS(offsets); i++) {
		message.link.caps_offset = offsets[i];
		g_assert_false(assert_complete(&message).takes_buffers);
	}
	message.link.caps_offset = sizeof(SpiceLinkMess);
	message.link.num_common_caps = UINT32_MAX;
	g_assert_false(assert_complete(&message).takes_buffers);
	message.link.num_common_caps = 1;
	message.link.num_channel_caps = 0;
	g_assert_false(assert_complete(&message).takes_buffers);
}

static void test_incomplete(void)
{
	Message message = make_message(0, SPICE_CHANNEL_MAIN);

	for (size_t n = 0; n < sizeof(message); n++) {
		VitSpiceLink link;
		const char *reason = NULL;
		g_autofree uint8_t *bytes = g_memdup2(&message, n); /* for ASan */

		g_assert_cmpint(vit_spice_link_read(bytes, n, &link, &reason), ==,
				VIT_SPICE_LINK_INCOMPLETE);
	}
}

static void test_refuses_magic(void)
{
	Message message = make_message(0, SPICE_CHANNEL_MAIN);

	memcpy(&message, "GET ", 4);
	assert_refused(&message);
}

static void test_refuses_version(void)
{
	Message message = make_message(0, SPICE_CHANNEL_MAIN);

	message.header.major_version = 1;
	assert_refused(&message);
}

static void test_refuses_size(void)
{
	Message message = make_message(0, SPICE_CHANNEL_MAIN);

	message.header.size = sizeof(SpiceLinkMess) - 1;
	assert_refused(&message);
	message.header.size = 4097;
	assert_refused(&message);
	message.header.size = UINT32_MAX;
	assert_refused(&message);
}

/* libspice-server would throw out who has that id. */
static void test_refuses_main_with_id(void)
{
	Message message = make_message(7, SPICE_CHANNEL_MAIN);

	assert_refused(&message);
}

static void test_refuses_other_without_id(void)
{
	Message message = make_message(0, SPICE_CHANNEL_DISPLAY);

	assert_refused(&message);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/spice-link/main", test_main);
	vit_test_add("/spice-link/display", test_display);
	vit_test_add("/spice-link/capabilities-outside", test_capabilities_outside);
	vit_test_add("/spice-link/incomplete", test_incomplete);
	vit_test_add("/spice-link/refuses/magic", test_refuses_magic);
	vit_test_add("/spice-link/refuses/version", test_refuses_version);
	vit_test_add("/spice-link/refuses/size", test_refuses_size);
	vit_test_add("/spice-link/refuses/main-with-id", test_refuses_main_with_id);
	vit_test_add("/spice-link/refuses/other-without-id", test_refuses_other_without_id);
	return g_test_run();
}
