/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Loads a configuration and hands out its values. A load reads the file, puts what the command line
 * sets on top, then judges the whole; it collects mistakes all the way, so that a person can mend
 * all of them at once.
 */
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "config/config-private.h"
#include "config/error.h"
#include "config/fd.h"
#include "config/text.h"

#define MAX_MISTAKES 100 /* that are written out */
#define SHOWN_CHARS  80  /* of a value that is quoted in a message */
/* Two words this near are taken for one word and its misspelling. */
#define NEAR_EDITS 3

void vit_mistakes_add(VitMistakes *self, const char *format, ...)
{
	va_list arguments;

	if (self->count++ >= MAX_MISTAKES) {
		return;
	}
	if (self->text->len) {
		g_string_append_c(self->text, '\n');
	}
	va_start(arguments, format);
	g_string_append_vprintf(self->text, format, arguments);
	va_end(arguments);
}

int vit_config_find_key(const char *group, const char *key)
{
	for (int i = 0; vit_config_keys[i].group; i++) {
		if (g_str_equal(vit_config_keys[i].group, group) &&
		    g_str_equal(vit_config_keys[i].key, key)) {
			return i;
		}
	}
	return -1;
}

/*
 * The groups of the table, or the keys of @group. Free the array only: the strings are the table's.
 */
static const char **list_known(const char *group)
{
	GPtrArray *known = g_ptr_array_new();

	for (const VitConfigKey *key = vit_config_keys; key->group; key++) {
		if (group && g_str_equal(key->group, group)) {
			g_ptr_array_add(known, (gpointer)key->key);
		} else if (!group &&
			   (key == vit_config_keys || !g_str_equal(key->group, key[-1].group))) {
			g_ptr_array_add(known, (gpointer)key->group);
		}
	}
	g_ptr_array_add(known, NULL);
	return (const char **)g_ptr_array_free(known, FALSE);
}

/* The first group other than @group that has a key of this name, or NULL. */
static const char *find_other_group(const char *group, const char *key)
{
	for (const VitConfigKey *row = vit_config_keys; row->group; row++) {
		if (g_str_equal(row->key, key) && !g_str_equal(row->group, group)) {
			return row->group;
		}
	}
	return NULL;
}

void vit_config_report_unknown(VitMistakes *mistakes, const char *where, const char *group,
			       const char *key)
{
	g_autofree const char **known = list_known(key ? group : NULL);
	g_autofree char *shown = vit_text_printable(key ? key : group, SHOWN_CHARS);
	g_autofree char *all = g_strjoinv(", ", (char **)known);
	const char *other = key ? find_other_group(group, key) : NULL;
	unsigned distance;
	const char *nearest = vit_text_nearest(key ? key : group, known, &distance);

	if (!key) {
		vit_mistakes_add(mistakes,
				 "%s: [%s] is not a known group; the nearest is [%s] (of %s).",
				 where, shown, nearest, all);
	} else if (other) {
		vit_mistakes_add(mistakes, "%s: [%s] %s is not a known key; [%s] %s is.", where,
				 group, shown, other, key);
	} else if (distance <= NEAR_EDITS) {
		vit_mistakes_add(mistakes, "%s: [%s] %s is not a known key; did you mean %s?",
				 where, group, shown, nearest);
	} else {
		vit_mistakes_add(mistakes,
				 "%s: [%s] %s is not a known key; the nearest is %s (of %s).",
				 where, group, shown, nearest, all);
	}
}

void vit_config_set(VitConfig *self, VitMistakes *mistakes, const char *where, int index,
		    const char *value)
{
	const VitConfigKey *key = &vit_config_keys[index];

	if (!vit_config_value_is_valid(key, value)) {
		g_autofree char *allowed = vit_config_describe_key(key);
		g_autofree char *shown = vit_text_printable(value, SHOWN_CHARS);

		vit_mistakes_add(mistakes, "%s: [%s] %s = \"%s\" must be %s.", where, key->group,
				 key->key, shown, allowed);
		self->mistaken[index] = true;
		return;
	}
	g_free(self->values[index]);
	self->values[index] = g_strdup(value);
	self->mistaken[index] = false;
}

bool vit_config_is_mistaken(const VitConfig *self, const char *group, const char *key)
{
	return self->mistaken[vit_config_find_key(group, key)];
}

/* Applies "group.key=value". */
static void assign(VitConfig *self, VitMistakes *mistakes, const char *assignment)
{
	g_autofree char *shown = vit_text_printable(assignment, SHOWN_CHARS);
	g_autofree char *group = g_strdup(assignment);
	char *key = strchr(group, '.');
	char *value = strchr(group, '=');
	int index;

	if (!g_utf8_validate(assignment, -1, NULL) || !key || !value || key > value) {
		vit_mistakes_add(mistakes,
				 "--set \"%s\" must be GROUP.KEY=VALUE in UTF-8, such as "
				 "vnc.listen=127.0.0.1:5901.",
				 shown);
		return;
	}
	*key++ = '\0';
	*value++ = '\0';
	index = vit_config_find_key(group, key);
	if (index >= 0) {
		vit_config_set(self, mistakes, "--set", index, value);
		return;
	}
	for (const VitConfigKey *row = vit_config_keys; row->group; row++) {
		if (g_str_equal(row->group, group)) {
			vit_config_report_unknown(mistakes, "--set", group, key);
			return;
		}
	}
	vit_config_report_unknown(mistakes, "--set", group, NULL);
}

static VitConfig *config_new(const char *name)
{
	VitConfig *self = g_new0(VitConfig, 1);
	unsigned n_keys = 0;

	while (vit_config_keys[n_keys].group) {
		n_keys++;
	}
	self->name = vit_text_printable(name, PATH_MAX);
	self->values = g_new0(char *, n_keys);
	self->mistaken = g_new0(bool, n_keys);
	return self;
}

VitConfig *vit_config_load_from_data(const char *name, const char *text, gsize n_bytes,
				     const char *const *assignments, GError **error)
{
	g_autoptr(VitConfig) self = config_new(name);
	g_autoptr(GString) text_of_mistakes = g_string_new(NULL);
	VitMistakes mistakes = {.text = text_of_mistakes};

	vit_config_read_lines(self, &mistakes, text, n_bytes);
	for (; assignments && *assignments; assignments++) {
		assign(self, &mistakes, *assignments);
	}
	vit_config_check_together(self, &mistakes);
	if (mistakes.count > MAX_MISTAKES) {
		g_string_append_printf(mistakes.text, "\n%s: and %u more mistakes.", self->name,
				       mistakes.count - MAX_MISTAKES);
	}
	if (mistakes.count) {
		g_set_error_literal(error, VIT_ERROR, VIT_ERROR_CONFIG, mistakes.text->str);
		return NULL;
	}
	return g_steal_pointer(&self);
}

/* Reads at most one byte more than a configuration may have, so that a longer file is noticed. */
static bool read_file(const char *path, char *buffer, gsize *ret_n_bytes, GError **error)
{
	VIT_AUTOFD int fd = open(path, O_RDONLY | O_CLOEXEC);
	gsize n_bytes = 0;
	ssize_t n = fd;

	while (n >= 0 && n_bytes <= VIT_CONFIG_MAX_BYTES) {
		do {
			n = read(fd, buffer + n_bytes, VIT_CONFIG_MAX_BYTES + 1 - n_bytes);
		} while (n < 0 && errno == EINTR);
		if (n == 0) {
			break;
		}
		n_bytes += n > 0 ? (gsize)n : 0;
	}
	if (n < 0) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_CONFIG,
			    "%s: the configuration cannot be read: %s.", path, g_strerror(errno));
		return false;
	}
	*ret_n_bytes = n_bytes;
	return true;
}

VitConfig *vit_config_load_with(const char *path, const char *const *assignments, GError **error)
{
	g_autofree char *text = g_malloc(VIT_CONFIG_MAX_BYTES + 1);
	gsize n_bytes = 0;

	if (path && !read_file(path, text, &n_bytes, error)) {
		return NULL;
	}
	return vit_config_load_from_data(path ? path : "command line", text, n_bytes, assignments,
					 error);
}

VitConfig *vit_config_load(const char *path, GError **error)
{
	return vit_config_load_with(path, NULL, error);
}

void vit_config_free(VitConfig *self)
{
	if (!self) {
		return;
	}
	for (int i = 0; vit_config_keys[i].group; i++) {
		g_free(self->values[i]);
	}
	g_free(self->values);
	g_free(self->mistaken);
	g_free(self->name);
	g_free(self);
}

static int find_known_key(const char *group, const char *key)
{
	int index = vit_config_find_key(group, key);

	if (index < 0) {
		g_error("the table of keys has no [%s] %s", group, key);
	}
	return index;
}

static const char *get_text(const VitConfig *self, int index)
{
	return self->values[index] ? self->values[index] : vit_config_keys[index].default_value;
}

/* The value of a key of this type, or of a text when @type is STRING. */
static const char *get_value(const VitConfig *self, const char *group, const char *key,
			     VitKeyType type)
{
	int index = find_known_key(group, key);
	VitKeyType actual = vit_config_keys[index].type;

	g_assert(actual == type ||
		 (type == VIT_KEY_STRING && (actual == VIT_KEY_PATH || actual == VIT_KEY_CHOICE)));
	return get_text(self, index);
}

bool vit_config_is_set(const VitConfig *self, const char *group, const char *key)
{
	return get_text(self, find_known_key(group, key)) != NULL;
}

const char *vit_config_get_string(const VitConfig *self, const char *group, const char *key)
{
	return get_value(self, group, key, VIT_KEY_STRING);
}

guint64 vit_config_get_uint(const VitConfig *self, const char *group, const char *key)
{
	return g_ascii_strtoull(get_value(self, group, key, VIT_KEY_UINT), NULL, 10);
}

bool vit_config_get_bool(const VitConfig *self, const char *group, const char *key)
{
	const char *value = get_value(self, group, key, VIT_KEY_BOOL);

	return g_str_equal(value, "yes") || g_str_equal(value, "true");
}

bool vit_config_get_address(const VitConfig *self, const char *group, const char *key,
			    VitAddress *ret_address)
{
	const char *value = get_value(self, group, key, VIT_KEY_ADDRESS);

	return value && vit_address_parse(value, ret_address);
}

void vit_config_get_size(const VitConfig *self, const char *group, const char *key,
			 uint32_t *ret_width, uint32_t *ret_height)
{
	const char *value = get_value(self, group, key, VIT_KEY_SIZE);

	if (!vit_config_parse_size(value, ret_width, ret_height)) {
		g_assert_not_reached();
	}
}
