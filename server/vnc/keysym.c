/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * A keyboard layout turned round: from keysym to key. libxkbcommon answers only the other way, so
 * each key is asked under each state of the four modifiers that matter, once, and the answers are
 * sorted. Characters are filed under their Unicode keysym, because the same one has several names:
 * EuroSign is also U20AC.
 */
#include "server/vnc/keysym.h"

#include <linux/input-event-codes.h>
#include <string.h>
#include <xkbcommon/xkbcommon-keysyms.h>
#include <xkbcommon/xkbcommon.h>

#include "config/error.h"
#include "sources/keycode.h"

/* XKB counts keys from 8, the first number that X11 could give to one. */
#define XKB_FIRST_KEYCODE 8

#define UNICODE_KEYSYM 0x01000000u

#define N_MODIFIER_STATES 16

/* One way to make a keysym. */
typedef struct Way {
	uint32_t keysym;
	uint16_t code; /* evdev */
	uint8_t modifiers;
} Way;

struct VitKeymap {
	GArray *ways; /* of Way, sorted by keysym, then by code */
	bool has_altgr;
};

/* Keys that some layouts leave out or name otherwise, and what they are on a PC's keyboard. */
static const struct {
	uint32_t keysym, code;
} extra_keys[] = {
	{XKB_KEY_Alt_L, KEY_LEFTALT},
	{XKB_KEY_Alt_R, KEY_RIGHTALT},
	{XKB_KEY_ISO_Level3_Shift, KEY_RIGHTALT},
	{XKB_KEY_Mode_switch, KEY_RIGHTALT},
	{XKB_KEY_Meta_L, KEY_LEFTMETA},
	{XKB_KEY_Meta_R, KEY_RIGHTMETA},
	{XKB_KEY_Break, KEY_PAUSE},
	{XKB_KEY_Sys_Req, KEY_SYSRQ},
	{XKB_KEY_KP_Separator, KEY_KPDOT},
	{XKB_KEY_F13, KEY_F13},
	{XKB_KEY_F14, KEY_F14},
	{XKB_KEY_F15, KEY_F15},
	{XKB_KEY_F16, KEY_F16},
	{XKB_KEY_F17, KEY_F17},
	{XKB_KEY_F18, KEY_F18},
	{XKB_KEY_F19, KEY_F19},
	{XKB_KEY_F20, KEY_F20},
	{XKB_KEY_F21, KEY_F21},
	{XKB_KEY_F22, KEY_F22},
	{XKB_KEY_F23, KEY_F23},
	{XKB_KEY_F24, KEY_F24},
};

static bool is_keypad(uint32_t keysym)
{
	return keysym >= XKB_KEY_KP_Space && keysym <= XKB_KEY_KP_Equal;
}

bool vit_keysym_is_character(uint32_t keysym)
{
	uint32_t character;

	if (keysym >= XKB_KEY_dead_grave && keysym <= XKB_KEY_dead_greek) {
		return true;
	}
	character = is_keypad(keysym) ? 0 : xkb_keysym_to_utf32(keysym);
	return character >= ' ' && character != 0x7f;
}

/* The one name under which a keysym is filed. */
static uint32_t canonical(uint32_t keysym)
{
	uint32_t character = vit_keysym_is_character(keysym) ? xkb_keysym_to_utf32(keysym) : 0;

	return character ? UNICODE_KEYSYM | character : keysym;
}

static xkb_mod_mask_t mask_of(struct xkb_keymap *xkb, const char *name)
{
	xkb_mod_index_t index = xkb_keymap_mod_get_index(xkb, name);

	return index == XKB_MOD_INVALID ? 0 : (xkb_mod_mask_t)1 << index;
}

/* Collects what @key makes under @modifiers. */
static void add_way(VitKeymap *self, struct xkb_state *state, xkb_keycode_t key, unsigned modifiers)
{
	xkb_keysym_t keysym = xkb_state_key_get_one_sym(state, key);
	Way way = {
		.keysym = canonical(keysym),
		.code = (uint16_t)(key - XKB_FIRST_KEYCODE),
		.modifiers = (uint8_t)modifiers,
	};

	/*
	 * XKB's own keys, such as LVL3, are on no keyboard. Shift turns Num Lock round on the
	 * keypad, but not in every guest: it is left out.
	 */
	if (keysym == XKB_KEY_NoSymbol || vit_keycode_to_qnum(way.code) == 0 ||
	    (is_keypad(keysym) && (modifiers & (VIT_KEY_SHIFT | VIT_KEY_ALTGR)))) {
		return;
	}
	g_array_append_val(self->ways, way);
}

static void add_modifier_state(VitKeymap *self, struct xkb_keymap *xkb, unsigned modifiers)
{
	struct xkb_state *state = xkb_state_new(xkb);
	xkb_keycode_t last = MIN(xkb_keymap_max_keycode(xkb), XKB_FIRST_KEYCODE + KEY_MAX);
	xkb_mod_mask_t mask = 0;

	g_assert(state);
	mask |= modifiers & VIT_KEY_SHIFT ? mask_of(xkb, XKB_MOD_NAME_SHIFT) : 0;
	mask |= modifiers & VIT_KEY_ALTGR ? mask_of(xkb, "Mod5") : 0;
	mask |= modifiers & VIT_KEY_CAPS_LOCK ? mask_of(xkb, XKB_MOD_NAME_CAPS) : 0;
	mask |= modifiers & VIT_KEY_NUM_LOCK ? mask_of(xkb, XKB_MOD_NAME_NUM) : 0;
	(void)xkb_state_update_mask(state, mask, 0, 0, 0, 0, 0);
	for (xkb_keycode_t key = xkb_keymap_min_keycode(xkb); key <= last; key++) {
		if (key == XKB_FIRST_KEYCODE + KEY_RIGHTALT && modifiers == 0) {
			self->has_altgr =
				xkb_state_key_get_one_sym(state, key) == XKB_KEY_ISO_Level3_Shift;
		}
		add_way(self, state, key, modifiers);
	}
	xkb_state_unref(state);
}

static int compare_ways(const void *a, const void *b)
{
	const Way *one = a, *other = b;

	if (one->keysym != other->keysym) {
		return one->keysym < other->keysym ? -1 : 1;
	}
	return (int)one->code - (int)other->code;
}

static struct xkb_keymap *compile(struct xkb_context *context, const char *layout)
{
	g_auto(GStrv) parts = g_strsplit(layout, ":", 2);
	const struct xkb_rule_names names = {
		.rules = "evdev",
		.model = "pc105",
		.layout = parts[0],
		.variant = parts[0] ? parts[1] : NULL,
	};

	/* An empty name would be XKB's default layout. */
	if (!parts[0] || !*parts[0]) {
		return NULL;
	}
	return xkb_keymap_new_from_names(context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS);
}

VitKeymap *vit_keymap_new(const char *layout, GError **error)
{
	struct xkb_context *context = xkb_context_new(XKB_CONTEXT_NO_ENVIRONMENT_NAMES);
	struct xkb_keymap *xkb = NULL;
	VitKeymap *self;

	if (context) {
		/* What it says on stderr about a wrong name is said below in a sentence. */
		xkb_context_set_log_level(context, XKB_LOG_LEVEL_CRITICAL);
		xkb = compile(context, layout);
	}
	xkb_context_unref(context);
	if (!xkb) {
		g_set_error(error, VIT_ERROR, VIT_ERROR_CONFIG,
			    "there is no keyboard layout \"%s\": name one of XKB's, such as us or "
			    "de:nodeadkeys, as listed in /usr/share/X11/xkb/rules/evdev.lst",
			    layout);
		return NULL;
	}
	self = g_new0(VitKeymap, 1);
	self->ways = g_array_new(FALSE, FALSE, sizeof(Way));
	for (unsigned modifiers = 0; modifiers < N_MODIFIER_STATES; modifiers++) {
		/* The state without modifiers comes first and tells whether there is an AltGr. */
		if (!(modifiers & VIT_KEY_ALTGR) || self->has_altgr) {
			add_modifier_state(self, xkb, modifiers);
		}
	}
	g_array_sort(self->ways, compare_ways);
	xkb_keymap_unref(xkb);
	return self;
}

void vit_keymap_free(VitKeymap *self)
{
	if (self) {
		g_array_unref(self->ways);
		g_free(self);
	}
}

bool vit_keymap_has_altgr(const VitKeymap *self)
{
	return self->has_altgr;
}

/* What taking this way costs, when @modifiers are the present state: the least is taken. */
static unsigned cost_of(const Way *way, unsigned modifiers)
{
	unsigned change = way->modifiers ^ modifiers;
	unsigned cost = 0;

	cost += change & VIT_KEY_SHIFT ? 1 : 0;
	cost += change & VIT_KEY_ALTGR ? 1 : 0;
	cost += change & VIT_KEY_NUM_LOCK ? 4 : 0;
	/*
	 * Beyond the main block lie keys that a character is on as well, but that not every guest
	 * knows as such: the extra key beside the left Shift, parentheses of odd keypads.
	 */
	cost += way->code > KEY_CAPSLOCK ? 8 : 0;
	cost += change & VIT_KEY_CAPS_LOCK ? 16 : 0;
	return cost;
}

static unsigned first_way(const GArray *ways, uint32_t keysym)
{
	unsigned low = 0, high = ways->len;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (g_array_index(ways, Way, middle).keysym < keysym) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static bool find_extra_key(uint32_t keysym, unsigned modifiers, VitKeymapKey *ret_key)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(extra_keys); i++) {
		if (extra_keys[i].keysym == keysym) {
			*ret_key = (VitKeymapKey){extra_keys[i].code, modifiers};
			return true;
		}
	}
	return false;
}

bool vit_keymap_find(const VitKeymap *self, uint32_t keysym, unsigned modifiers,
		     VitKeymapKey *ret_key)
{
	uint32_t name = canonical(keysym);
	const Way *best = NULL;

	for (unsigned i = first_way(self->ways, name); i < self->ways->len; i++) {
		const Way *way = &g_array_index(self->ways, Way, i);

		if (way->keysym != name) {
			break;
		}
		if (!best || cost_of(way, modifiers) < cost_of(best, modifiers)) {
			best = way;
		}
	}
	if (!best) {
		return find_extra_key(keysym, modifiers, ret_key);
	}
	*ret_key = (VitKeymapKey){best->code, best->modifiers};
	return true;
}
