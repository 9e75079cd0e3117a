/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* The configuration file: what is refused has a reason in it, what is accepted can be read. */
#include "config/config.h"
#include "tests/fuzz/target.h"

static void read_key(const VitConfig *config, const VitConfigKey *key)
{
	VitAddress address;
	uint32_t width, height;

	switch (key->type) {
	case VIT_KEY_STRING:
	case VIT_KEY_PATH:
	case VIT_KEY_CHOICE:
		(void)vit_config_get_string(config, key->group, key->key);
		break;
	case VIT_KEY_BOOL:
		(void)vit_config_get_bool(config, key->group, key->key);
		break;
	case VIT_KEY_UINT:
		g_assert_true(!vit_config_is_set(config, key->group, key->key) ||
			      vit_config_get_uint(config, key->group, key->key) <= key->max);
		break;
	case VIT_KEY_ADDRESS:
		(void)vit_config_get_address(config, key->group, key->key, &address);
		break;
	case VIT_KEY_SIZE:
		vit_config_get_size(config, key->group, key->key, &width, &height);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
	g_autofree char *assignment = g_strndup((const char *)bytes, n_bytes);
	const char *const assignments[] = {assignment, NULL};
	g_autoptr(GError) file_error = NULL, line_error = NULL;
	g_autoptr(VitConfig) from_file =
		vit_config_load_from_data("fuzz", (const char *)bytes, n_bytes, NULL, &file_error);
	g_autoptr(VitConfig) from_line =
		vit_config_load_from_data("fuzz", "", 0, assignments, &line_error);

	g_assert_true(from_file ? !file_error : *file_error->message);
	g_assert_true(from_line ? !line_error : *line_error->message);
	for (const VitConfigKey *key = vit_config_keys; from_file && key->group; key++) {
		read_key(from_file, key);
	}
	return 0;
}
