/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/* Configuration: defaults, values, and one test for each way to be refused. */
#include <glib/gstdio.h>
#include <string.h>

#include "config/config.h"
#include "config/error.h"
#include "tests/support/fixture.h"

static VitConfig *load(const char *text, const char *const *assignments, GError **error)
{
	return vit_config_load_from_data("f", text, strlen(text), assignments, error);
}

static VitConfig *load_good(const char *text)
{
	g_autoptr(GError) error = NULL;
	VitConfig *config = load(text, NULL, &error);

	g_assert_no_error(error);
	g_assert_nonnull(config);
	return config;
}

/* The whole message that @text is refused with. */
static void assert_refused(const char *text, const char *expected)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(VitConfig) config = load(text, NULL, &error);

	g_assert_error(error, VIT_ERROR, VIT_ERROR_CONFIG);
	g_assert_cmpstr(error->message, ==, expected);
	g_assert_null(config);
}

static void assert_assignment_refused(const char *assignment, const char *expected)
{
	const char *const assignments[] = {assignment, NULL};
	g_autoptr(GError) error = NULL;
	g_autoptr(VitConfig) config = load("", assignments, &error);

	g_assert_error(error, VIT_ERROR, VIT_ERROR_CONFIG);
	g_assert_cmpstr(error->message, ==, expected);
	g_assert_null(config);
}

static void test_defaults(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(VitConfig) config = vit_config_load(NULL, &error);
	VitAddress address;
	uint32_t width, height;

	g_assert_no_error(error);
	g_assert_cmpstr(vit_config_get_string(config, "source", "type"), ==, "pattern");
	g_assert_null(vit_config_get_string(config, "qemu", "qmp"));
	g_assert_false(vit_config_is_set(config, "qemu", "qmp"));
	g_assert_false(vit_config_is_set(config, "gpu-socket", "uid"));
	g_assert_true(vit_config_is_set(config, "console", "deadline-ms"));
	g_assert_cmpuint(vit_config_get_uint(config, "console", "deadline-ms"), ==, 20);
	g_assert_cmpuint(vit_config_get_uint(config, "render", "deadline-ms"), ==, 400);
	g_assert_true(vit_config_get_bool(config, "vnc", "enabled"));
	g_assert_false(vit_config_get_bool(config, "vnc", "insecure"));
	g_assert_true(vit_config_get_address(config, "vnc", "listen", &address));
	g_assert_cmpstr(address.host, ==, "127.0.0.1");
	g_assert_cmpuint(address.port, ==, 5900);
	vit_config_get_size(config, "pattern", "size", &width, &height);
	g_assert_cmpuint(width, ==, 1280);
	g_assert_cmpuint(height, ==, 800);
}

/* Each row is complete, each default may be written, and rows of a group stand together. */
static void test_table(void)
{
	g_autoptr(GHashTable) groups = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (const VitConfigKey *key = vit_config_keys; key->group; key++) {
		g_autofree char *allowed = vit_config_describe_key(key);
		g_autofree char *text = g_strdup_printf("[%s]\n%s = %s\n", key->group, key->key,
							key->default_value);

		if (key->default_value) {
			vit_config_free(load_good(text));
		}
		g_assert_cmpstr(allowed, !=, "");
		g_assert_true(g_str_has_suffix(key->doc, "."));
		g_assert_true((key->type == VIT_KEY_CHOICE) == (key->choices != NULL));
		g_assert_true(g_hash_table_add(keys, g_strconcat(key->group, ".", key->key, NULL)));
		if (key == vit_config_keys || !g_str_equal(key->group, key[-1].group)) {
			g_assert_true(g_hash_table_add(groups, (gpointer)key->group));
		}
		/* A getter of a value that cannot be missing needs a default; whoever asks for a
		 * number that has none looks with vit_config_is_set() first. */
		g_assert_true(key->default_value || key->type == VIT_KEY_STRING ||
			      key->type == VIT_KEY_PATH || key->type == VIT_KEY_ADDRESS ||
			      key->type == VIT_KEY_UINT);
	}
}

static void test_values(void)
{
	g_autoptr(VitConfig) config = load_good("# comment\n"
						"\n"
						"  [vnc]  \r\n"
						"max-clients=64\t\n"
						"  unix  =  /run/a b.sock \r\n"
						"share = exclusive\n"
						"jpeg = no\n"
						"listen = [::1]:1\n"
						"enabled = true\n"
						"[vitrine]\n"
						"name = \\sB\xc3\xbcro\\\\1=2\\s\n"
						"[pattern]\n"
						"bottom-up = yes\n"
						"wait-for-release = false\n"
						"size = 1x16384");
	VitAddress address;
	uint32_t width, height;

	g_assert_cmpuint(vit_config_get_uint(config, "vnc", "max-clients"), ==, 64);
	g_assert_cmpstr(vit_config_get_string(config, "vnc", "unix"), ==, "/run/a b.sock");
	g_assert_cmpstr(vit_config_get_string(config, "vnc", "share"), ==, "exclusive");
	g_assert_false(vit_config_get_bool(config, "vnc", "jpeg"));
	g_assert_true(vit_config_get_bool(config, "vnc", "enabled"));
	g_assert_true(vit_config_get_address(config, "vnc", "listen", &address));
	g_assert_true(address.is_ipv6);
	g_assert_cmpstr(address.host, ==, "::1");
	g_assert_cmpuint(address.port, ==, 1);
	g_assert_cmpstr(vit_config_get_string(config, "vitrine", "name"), ==, " B\xc3\xbcro\\1=2 ");
	g_assert_true(vit_config_get_bool(config, "pattern", "bottom-up"));
	g_assert_false(vit_config_get_bool(config, "pattern", "wait-for-release"));
	vit_config_get_size(config, "pattern", "size", &width, &height);
	g_assert_cmpuint(width, ==, 1);
	g_assert_cmpuint(height, ==, 16384);
}

static void test_no_address(void)
{
	g_autoptr(VitConfig) config = load_good("[vnc]\nlisten = none\n");
	VitAddress address = {.port = 7};

	g_assert_false(vit_config_get_address(config, "vnc", "listen", &address));
	g_assert_cmpuint(address.port, ==, 7);
}

static void test_assignments(void)
{
	const char *const assignments[] = {"vnc.max-clients=3", "source.type=qemu",
					   "qemu.bus=unix:path=/a.b", "vnc.max-clients=4", NULL};
	g_autoptr(GError) error = NULL;
	g_autoptr(VitConfig) config = load("[vnc]\nmax-clients = 2\n", assignments, &error);

	g_assert_no_error(error);
	g_assert_cmpuint(vit_config_get_uint(config, "vnc", "max-clients"), ==, 4);
	g_assert_cmpstr(vit_config_get_string(config, "qemu", "bus"), ==, "unix:path=/a.b");
}

static void test_assignment_mends_the_file(void)
{
	const char *const assignments[] = {"vnc.insecure=yes", NULL};
	g_autoptr(GError) error = NULL;
	g_autoptr(VitConfig) config = load("[vnc]\nlisten = [::]:5900\n", assignments, &error);

	g_assert_no_error(error);
	g_assert_true(vit_config_get_bool(config, "vnc", "insecure"));
}

static void test_assignments_refused(void)
{
	assert_assignment_refused("vnc.max-clients=0",
				  "--set: [vnc] max-clients = \"0\" must be a whole number from 1 "
				  "to 64.");
	assert_assignment_refused("vnc.lisen=none", "--set: [vnc] lisen is not a known key; did "
						    "you mean listen?");
	assert_assignment_refused(
		"vncc.listen=none",
		"--set: [vncc] is not a known group; the nearest is [vnc] (of "
		"vitrine, source, qemu, gpu-socket, pattern, console, render, vnc, spice).");
	for (unsigned i = 0; i < 4; i++) {
		static const char *const malformed[] = {"", "vnc.listen", "listen=none", "vnc=a.b"};
		g_autofree char *expected =
			g_strdup_printf("--set \"%s\" must be GROUP.KEY=VALUE in UTF-8, such as "
					"vnc.listen=127.0.0.1:5901.",
					malformed[i]);

		assert_assignment_refused(malformed[i], expected);
	}
	assert_assignment_refused("vitrine.name=\xff",
				  "--set \"vitrine.name=\\xff\" must be GROUP.KEY=VALUE in UTF-8, "
				  "such as vnc.listen=127.0.0.1:5901.");
}

static void test_refuses_types(void)
{
	assert_refused("[vnc]\nmax-clients = 65\n",
		       "f:2: [vnc] max-clients = \"65\" must be a whole number from 1 to 64.");
	assert_refused("[vnc]\nmax-clients = +3\n",
		       "f:2: [vnc] max-clients = \"+3\" must be a whole number from 1 to 64.");
	assert_refused("[vnc]\nmax-clients =\n",
		       "f:2: [vnc] max-clients = \"\" must be a whole number from 1 to 64.");
	assert_refused("[vnc]\njpeg = 1\n", "f:2: [vnc] jpeg = \"1\" must be yes or no.");
	assert_refused("[vnc]\nshare = all\n",
		       "f:2: [vnc] share = \"all\" must be one of shared, exclusive, client.");
	assert_refused("[vnc]\nunix = run/a\n",
		       "f:2: [vnc] unix = \"run/a\" must be an absolute path of at most 104 "
		       "bytes.");
	assert_refused("[vitrine]\nname =\n",
		       "f:2: [vitrine] name = \"\" must be a text of 1 to 255 bytes in one line.");
	assert_refused("[vitrine]\nname = a\x1b[2Jb\n",
		       "f:2: [vitrine] name = \"a\\u001b[2Jb\" must be a text of 1 to 255 bytes in "
		       "one line.");
}

static void test_refuses_too_long(void)
{
	g_autofree char *longest = g_strnfill(103, 'a');
	g_autofree char *good = g_strdup_printf("[vnc]\nunix = /%s\n", longest);
	g_autofree char *bad = g_strdup_printf("[vnc]\nunix = /%sb\n", longest);
	g_autofree char *expected =
		g_strdup_printf("f:2: [vnc] unix = \"/%.79s...\" must be an absolute path of at "
				"most 104 bytes.",
				longest);

	vit_config_free(load_good(good));
	assert_refused(bad, expected);
}

static void test_refuses_addresses(void)
{
	static const char *const bad[] = {
		"",
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1:0",
		"127.0.0.1:65536",
		"127.0.0.1:5900x",
		"127.0.0.1: 5900",
		":5900",
		"localhost:5900",
		"127.0.1:5900",
		"::1:5900",
		"[::1]",
		"[::1]5900",
		"[::1:5900",
		"[]:5900",
		"[127.0.0.1]:5900",
		"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:5900",
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autofree char *text = g_strdup_printf("[vnc]\nlisten = %s\n", bad[i]);
		g_autofree char *expected = g_strdup_printf(
			"f:2: [vnc] listen = \"%s\" must be a numeric address with its port, such "
			"as 127.0.0.1:5900 or [::1]:5900, or none.",
			bad[i]);

		assert_refused(text, expected);
	}
}

static void test_refuses_sizes(void)
{
	static const char *const bad[] = {
		"",        "1280",    "1280x",      "x800",       "0x800", "1280x0",
		"16385x1", "1x16385", "1280x800x2", "1280 x 800", "-1x1",  "1280X800",
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autofree char *text = g_strdup_printf("[pattern]\nsize = %s\n", bad[i]);
		g_autofree char *expected = g_strdup_printf(
			"f:2: [pattern] size = \"%s\" must be a width and a height in pixels, such "
			"as 1280x800, each from 1 to 16384.",
			bad[i]);

		assert_refused(text, expected);
	}
}

static void test_refuses_unknown(void)
{
	assert_refused("[vnc]\nmax-client = 3\n",
		       "f:2: [vnc] max-client is not a known key; did you mean max-clients?");
	assert_refused("[vnc]\ndeadline-ms = 3\n",
		       "f:2: [vnc] deadline-ms is not a known key; [console] deadline-ms is.");
	assert_refused("[source]\nsomething-else = 3\n",
		       "f:2: [source] something-else is not a known key; the nearest is type (of "
		       "type).");
	/* One sentence for the group; what stands in it is not judged. */
	assert_refused("[pattren]\nfoo = bar\nsize = 1x1\n",
		       "f:1: [pattren] is not a known group; the nearest is [pattern] (of vitrine, "
		       "source, qemu, gpu-socket, pattern, console, render, vnc, spice).");
}

static void test_refuses_repeated(void)
{
	assert_refused("[vnc]\nkeymap = de\n\nkeymap = us\n",
		       "f:4: [vnc] keymap is given again: it stands on line 2 already; keep one of "
		       "them.");
	assert_refused("[vnc]\n[render]\n[vnc]\nkeymap = de\n",
		       "f:3: [vnc] is opened again: it stands on line 1 already; put its keys "
		       "there.");
}

static void test_refuses_syntax(void)
{
	static const char *const not_groups[] = {"[vnc", "[]", "[", "[vnc]]", "[[vnc]", "[a] # b"};

	for (unsigned i = 0; i < G_N_ELEMENTS(not_groups); i++) {
		g_autofree char *text = g_strdup_printf("%s\nkey = value\n", not_groups[i]);
		g_autofree char *expected = g_strdup_printf(
			"f:1: \"%s\" must be a group, such as [vnc].", not_groups[i]);

		assert_refused(text, expected);
	}
	assert_refused("[vnc]\nwords\n", "f:2: \"words\" must be a [group], a key = value, or a # "
					 "comment.");
	assert_refused("[vnc]\n= 3\n", "f:2: \"= 3\" must be a [group], a key = value, or a # "
				       "comment.");
	assert_refused("keymap = us\n", "f:1: \"keymap = us\" stands before the first group; put a "
					"line such as [vnc] above it.");
	assert_refused("[vnc]\nkeymap = a\\nb\\\n",
		       "f:2: [vnc] keymap = \"a\\nb\\\" has a backslash that means nothing: write "
		       "\\\\ for a backslash, \\s for a blank at an end.");
}

static void test_refuses_bytes(void)
{
	g_autoptr(GError) nul = NULL;
	g_autoptr(VitConfig) config = vit_config_load_from_data("f", "[vnc]\n\0", 7, NULL, &nul);

	g_assert_null(config);
	g_assert_cmpstr(nul->message, ==, "f: byte 7 is NUL; the file must be UTF-8 text.");
	assert_refused("[vnc]\nkeymap=\xff\n", "f: byte 14 is not UTF-8; the file must be UTF-8 "
					       "text.");
	assert_refused("[vnc]\nkeymap=\xe2\x82",
		       "f: byte 14 is not UTF-8; the file must be UTF-8 text.");
}

static void test_size_limit(void)
{
	g_autofree char *text = g_strnfill(VIT_CONFIG_MAX_BYTES + 1, '#');

	assert_refused(text, "f: is larger than 65536 bytes; a configuration never is.");
	text[VIT_CONFIG_MAX_BYTES] = '\0';
	vit_config_free(load_good(text));
}

static void test_refuses_combinations(void)
{
	assert_refused("[source]\ntype = qemu\n",
		       "f: [source] type = \"qemu\" needs a way to the VM: set [qemu] qmp to "
		       "QEMU's QMP socket, or [qemu] bus to the address of its D-Bus.");
	assert_refused("[source]\ntype = qemu\n[qemu]\nqmp = /a\nbus = unix:path=/b\n",
		       "f: [qemu] qmp and [qemu] bus are both set: a VM is reached by one way "
		       "only; remove one of them.");
	assert_refused("[source]\ntype = gpu-socket\n",
		       "f: [source] type = \"gpu-socket\" needs [gpu-socket] path: set it to the "
		       "socket on which the graphics device waits.");
	/* A way to the VM that was refused is not missing as well. */
	assert_refused("[source]\ntype = gpu-socket\n[gpu-socket]\npath = a\n",
		       "f:4: [gpu-socket] path = \"a\" must be an absolute path of at most 107 "
		       "bytes.");
	assert_refused("[source]\ntype = qemu\n[qemu]\nqmp = a\n",
		       "f:4: [qemu] qmp = \"a\" must be an absolute path of at most 107 bytes.");
}

static void test_refuses_spice_nowhere(void)
{
	assert_refused("[spice]\nenabled = yes\n",
		       "f: [spice] enabled = yes needs a place to listen: set [spice] unix to the "
		       "path of a socket.");
	assert_refused(
		"[spice]\nenabled = yes\nunix = here\n",
		"f:3: [spice] unix = \"here\" must be an absolute path of at most 107 bytes.");
	vit_config_free(load_good("[spice]\nenabled = yes\nunix = /run/spice\n"));
	vit_config_free(load_good("[spice]\nenabled = no\n"));
}

static void test_refuses_reach(void)
{
	static const char *const near[] = {"127.255.0.1", "[::1]", "[::ffff:127.0.0.1]"};
	static const char *const far[] = {"0.0.0.0", "128.0.0.1", "[::]", "[::ffff:10.0.0.1]"};

	for (unsigned i = 0; i < G_N_ELEMENTS(near); i++) {
		g_autofree char *text = g_strdup_printf("[vnc]\nlisten = %s:1\n", near[i]);

		vit_config_free(load_good(text));
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(far); i++) {
		g_autofree char *text = g_strdup_printf("[vnc]\nlisten = %s:59\n", far[i]);
		g_autofree char *insecure = g_strconcat(text, "insecure = yes\n", NULL);
		g_autofree char *disabled = g_strconcat(text, "enabled = no\n", NULL);
		g_autofree char *expected = g_strdup_printf(
			"f: [vnc] listen = \"%s:59\" can be reached from other machines, and VNC "
			"is not encrypted: listen on 127.0.0.1:59 and let viewers come through a "
			"tunnel (ssh -L), or set [vnc] insecure = yes to accept that others can "
			"listen in.",
			far[i]);

		assert_refused(text, expected);
		vit_config_free(load_good(insecure));
		vit_config_free(load_good(disabled));
	}
	assert_refused("[vnc]\nlisten = 0.0.0.0:1\ninsecure = perhaps\n",
		       "f:3: [vnc] insecure = \"perhaps\" must be yes or no.");
}

static void test_reports_all(void)
{
	assert_refused("[vnc]\n"
		       "max-clients = many\n"
		       "keymp = de\n"
		       "nonsense\n"
		       "jpeg = no\n"
		       "jpeg = yes\n"
		       "[source]\n"
		       "type = qemu\n",
		       "f:2: [vnc] max-clients = \"many\" must be a whole number from 1 to 64.\n"
		       "f:3: [vnc] keymp is not a known key; did you mean keymap?\n"
		       "f:4: \"nonsense\" must be a [group], a key = value, or a # comment.\n"
		       "f:6: [vnc] jpeg is given again: it stands on line 5 already; keep one of "
		       "them.\n"
		       "f: [source] type = \"qemu\" needs a way to the VM: set [qemu] qmp to "
		       "QEMU's QMP socket, or [qemu] bus to the address of its D-Bus.");
}

static void test_bounds_the_report(void)
{
	g_autoptr(GString) text = g_string_new("[vnc]\n");
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) lines = NULL;

	for (unsigned i = 0; i < 150; i++) {
		g_string_append(text, "x\n");
	}
	g_assert_null(load(text->str, NULL, &error));
	lines = g_strsplit(error->message, "\n", -1);
	g_assert_cmpuint(g_strv_length(lines), ==, 101);
	g_assert_cmpstr(lines[100], ==, "f: and 50 more mistakes.");
}

static void test_files(void)
{
	g_autofree char *dir = g_dir_make_tmp("vitrine-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "a.conf", NULL);
	g_autofree char *missing = g_strdup_printf(
		"%s: the configuration cannot be read: No such file or directory.", path);
	g_autofree char *is_dir =
		g_strdup_printf("%s: the configuration cannot be read: Is a directory.", dir);
	g_autofree char *wrong = g_strdup_printf("%s:1: \"x\" must be a [group], a key = value, or "
						 "a # comment.",
						 path);
	g_autofree char *too_long =
		g_strdup_printf("%s: is larger than 65536 bytes; a configuration never is.", path);
	const char *const steps[][2] = {{"x\n", wrong}, {NULL, too_long}};
	g_autofree char *long_text = g_strnfill(VIT_CONFIG_MAX_BYTES * 2, '#');
	g_autoptr(GError) no_file = NULL, no_text = NULL;

	g_assert_null(vit_config_load(path, &no_file));
	g_assert_error(no_file, VIT_ERROR, VIT_ERROR_CONFIG);
	g_assert_cmpstr(no_file->message, ==, missing);
	g_assert_null(vit_config_load(dir, &no_text));
	g_assert_cmpstr(no_text->message, ==, is_dir);
	for (unsigned i = 0; i < G_N_ELEMENTS(steps); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_true(
			g_file_set_contents(path, steps[i][0] ? steps[i][0] : long_text, -1, NULL));
		g_assert_null(vit_config_load(path, &error));
		g_assert_cmpstr(error->message, ==, steps[i][1]);
	}
	g_assert_true(g_file_set_contents(path, "[vnc]\nkeymap = de\n", -1, NULL));
	{
		g_autoptr(VitConfig) config = vit_config_load(path, NULL);

		g_assert_cmpstr(vit_config_get_string(config, "vnc", "keymap"), ==, "de");
	}
	g_assert_cmpint(g_remove(path), ==, 0);
	g_assert_cmpint(g_rmdir(dir), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	vit_test_add("/config/defaults", test_defaults);
	vit_test_add("/config/table", test_table);
	vit_test_add("/config/values", test_values);
	vit_test_add("/config/no-address", test_no_address);
	vit_test_add("/config/set", test_assignments);
	vit_test_add("/config/set/mends-the-file", test_assignment_mends_the_file);
	vit_test_add("/config/set/refused", test_assignments_refused);
	vit_test_add("/config/refuses/types", test_refuses_types);
	vit_test_add("/config/refuses/too-long", test_refuses_too_long);
	vit_test_add("/config/refuses/addresses", test_refuses_addresses);
	vit_test_add("/config/refuses/sizes", test_refuses_sizes);
	vit_test_add("/config/refuses/unknown", test_refuses_unknown);
	vit_test_add("/config/refuses/repeated", test_refuses_repeated);
	vit_test_add("/config/refuses/syntax", test_refuses_syntax);
	vit_test_add("/config/refuses/bytes", test_refuses_bytes);
	vit_test_add("/config/refuses/large-file", test_size_limit);
	vit_test_add("/config/refuses/combinations", test_refuses_combinations);
	vit_test_add("/config/refuses/reach", test_refuses_reach);
	vit_test_add("/config/refuses/spice-nowhere", test_refuses_spice_nowhere);
	vit_test_add("/config/reports/all", test_reports_all);
	vit_test_add("/config/reports/bounded", test_bounds_the_report);
	vit_test_add("/config/files", test_files);
	return g_test_run();
}
