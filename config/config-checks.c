/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * What may be written: for one key by its type, and for keys that must fit each other. Values are
 * checked here and nowhere else, so the getters of VitConfig cannot fail.
 */
#include "config/config-private.h"

#include <string.h>

#define MAX_SIDE_PX     16384
#define MAX_VALUE_BYTES 4095

bool vit_config_parse_size(const char *value, uint32_t *ret_width, uint32_t *ret_height)
{
	g_auto(GStrv) sides = g_strsplit(value, "x", 3);
	guint64 width, height;

	if (g_strv_length(sides) != 2 ||
	    !g_ascii_string_to_unsigned(sides[0], 10, 1, MAX_SIDE_PX, &width, NULL) ||
	    !g_ascii_string_to_unsigned(sides[1], 10, 1, MAX_SIDE_PX, &height, NULL)) {
		return false;
	}
	*ret_width = (uint32_t)width;
	*ret_height = (uint32_t)height;
	return true;
}

/* The most bytes that a STRING or PATH may have. */
static gsize value_max_bytes(const VitConfigKey *key)
{
	return key->max ? key->max : MAX_VALUE_BYTES;
}

/* At most @max_bytes, and no control character, which an escape may have brought in. */
static bool is_plain_text(const char *value, gsize max_bytes)
{
	const char *next = value;

	while (*next && !g_unichar_iscntrl(g_utf8_get_char(next))) {
		next = g_utf8_next_char(next);
	}
	return !*next && (gsize)(next - value) <= max_bytes;
}

bool vit_config_value_is_valid(const VitConfigKey *key, const char *value)
{
	static const char *const booleans[] = {"yes", "no", "true", "false", NULL};
	VitAddress address;
	uint32_t width, height;
	guint64 number;

	switch (key->type) {
	case VIT_KEY_STRING:
		return *value && is_plain_text(value, value_max_bytes(key));
	case VIT_KEY_PATH:
		return *value == '/' && is_plain_text(value, value_max_bytes(key));
	case VIT_KEY_BOOL:
		return g_strv_contains(booleans, value);
	case VIT_KEY_UINT:
		return g_ascii_string_to_unsigned(value, 10, key->min, key->max, &number, NULL);
	case VIT_KEY_CHOICE:
		return g_strv_contains(key->choices, value);
	case VIT_KEY_ADDRESS:
		return g_str_equal(value, "none") || vit_address_parse(value, &address);
	case VIT_KEY_SIZE:
		return vit_config_parse_size(value, &width, &height);
	}
	g_assert_not_reached();
}

char *vit_config_describe_key(const VitConfigKey *key)
{
	g_autofree char *words = NULL;

	switch (key->type) {
	case VIT_KEY_STRING:
		return g_strdup_printf("a text of 1 to %" G_GSIZE_FORMAT " bytes in one line",
				       value_max_bytes(key));
	case VIT_KEY_PATH:
		return g_strdup_printf("an absolute path of at most %" G_GSIZE_FORMAT " bytes",
				       value_max_bytes(key));
	case VIT_KEY_BOOL:
		return g_strdup("yes or no");
	case VIT_KEY_UINT:
		return g_strdup_printf("a whole number from %" G_GUINT64_FORMAT
				       " to %" G_GUINT64_FORMAT,
				       key->min, key->max);
	case VIT_KEY_CHOICE:
		words = g_strjoinv(", ", (char **)key->choices);
		return g_strdup_printf("one of %s", words);
	case VIT_KEY_ADDRESS:
		return g_strdup("a numeric address with its port, such as 127.0.0.1:5900 or "
				"[::1]:5900, or none");
	case VIT_KEY_SIZE:
		return g_strdup_printf("a width and a height in pixels, such as 1280x800, each "
				       "from 1 to %d",
				       MAX_SIDE_PX);
	}
	g_assert_not_reached();
}

static void check_qemu_source(const VitConfig *self, VitMistakes *mistakes)
{
	const char *qmp = vit_config_get_string(self, "qemu", "qmp");
	const char *bus = vit_config_get_string(self, "qemu", "bus");

	if (!g_str_equal(vit_config_get_string(self, "source", "type"), "qemu") || !qmp != !bus ||
	    vit_config_is_mistaken(self, "qemu", "qmp") ||
	    vit_config_is_mistaken(self, "qemu", "bus")) {
		return;
	}
	if (qmp) {
		vit_mistakes_add(mistakes,
				 "%s: [qemu] qmp and [qemu] bus are both set: a VM is reached by "
				 "one way only; remove one of them.",
				 self->name);
	} else {
		vit_mistakes_add(mistakes,
				 "%s: [source] type = \"qemu\" needs a way to the VM: set [qemu] "
				 "qmp to QEMU's QMP socket, or [qemu] bus to the address of its "
				 "D-Bus.",
				 self->name);
	}
}

static void check_gpu_socket_source(const VitConfig *self, VitMistakes *mistakes)
{
	if (g_str_equal(vit_config_get_string(self, "source", "type"), "gpu-socket") &&
	    !vit_config_get_string(self, "gpu-socket", "path") &&
	    !vit_config_is_mistaken(self, "gpu-socket", "path")) {
		vit_mistakes_add(
			mistakes,
			"%s: [source] type = \"gpu-socket\" needs [gpu-socket] path: set it "
			"to the socket on which the graphics device waits.",
			self->name);
	}
}

static void check_vnc_reach(const VitConfig *self, VitMistakes *mistakes)
{
	VitAddress address;

	if (!vit_config_get_bool(self, "vnc", "enabled") ||
	    vit_config_get_bool(self, "vnc", "insecure") ||
	    vit_config_is_mistaken(self, "vnc", "insecure") ||
	    !vit_config_get_address(self, "vnc", "listen", &address) ||
	    vit_address_is_loopback(&address)) {
		return;
	}
	vit_mistakes_add(
		mistakes,
		"%s: [vnc] listen = \"%s%s%s:%u\" can be reached from other machines, and "
		"VNC is not encrypted: listen on 127.0.0.1:%u and let viewers come through "
		"a tunnel (ssh -L), or set [vnc] insecure = yes to accept that others can "
		"listen in.",
		self->name, address.is_ipv6 ? "[" : "", address.host, address.is_ipv6 ? "]" : "",
		address.port, address.port);
}

static void check_spice_socket(const VitConfig *self, VitMistakes *mistakes)
{
	if (!vit_config_get_bool(self, "spice", "enabled") ||
	    vit_config_get_string(self, "spice", "unix") ||
	    vit_config_is_mistaken(self, "spice", "unix")) {
		return;
	}
	vit_mistakes_add(mistakes,
			 "%s: [spice] enabled = yes needs a place to listen: set [spice] unix to "
			 "the path of a socket.",
			 self->name);
}

void vit_config_check_together(const VitConfig *self, VitMistakes *mistakes)
{
	check_qemu_source(self, mistakes);
	check_gpu_socket_source(self, mistakes);
	check_vnc_reach(self, mistakes);
	check_spice_socket(self, mistakes);
}
