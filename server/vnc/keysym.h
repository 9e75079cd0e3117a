/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * VitKeymap: finds the key of a keyboard that makes a given X keysym. It is the guest's keyboard
 * layout: a viewer that sends no key numbers only says which character it means. Immutable once
 * made. Thread: any.
 */

typedef struct VitKeymap VitKeymap;

/* What decides the character of a key. The locks are lights of the guest, not keys that are held.
 */
typedef enum VitKeyModifiers {
	VIT_KEY_SHIFT = 1 << 0,
	VIT_KEY_ALTGR = 1 << 1,
	VIT_KEY_CAPS_LOCK = 1 << 2,
	VIT_KEY_NUM_LOCK = 1 << 3,
} VitKeyModifiers;

typedef struct VitKeymapKey {
	uint32_t code;      /* evdev */
	unsigned modifiers; /* VitKeyModifiers with which it makes the keysym */
} VitKeymapKey;

/*
 * @layout is an XKB layout, with a variant after a colon: "us", "de:nodeadkeys". Errors: CONFIG
 * (unknown layout; names it).
 */
VitKeymap *vit_keymap_new(const char *layout, GError **error);
/* NULL is allowed. */
void vit_keymap_free(VitKeymap *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitKeymap, vit_keymap_free)

/*
 * The key for @keysym that needs the smallest change of @modifiers; Shift and AltGr are changed
 * before Num Lock, Caps Lock only where nothing else helps. A keysym of a character that the layout
 * has under another keysym (a Unicode keysym, say) is found too. Returns false when no key makes
 * it.
 */
bool vit_keymap_find(const VitKeymap *self, uint32_t keysym, unsigned modifiers,
		     VitKeymapKey *ret_key);

/*
 * Whether @keysym is a character, a dead one included: what makes it depends on Shift and AltGr.
 * The keypad's are not: they depend on Num Lock alone.
 */
bool vit_keysym_is_character(uint32_t keysym);

/* Whether the right Alt key is AltGr. */
bool vit_keymap_has_altgr(const VitKeymap *self);
