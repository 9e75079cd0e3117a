/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * One viewer's keys and pointer. A viewer that sends QEMU's extended key events says which key; one
 * that only sends keysyms says which character, and the guest's layout may have it on another key,
 * or under other modifiers than those that the viewer holds. Those are changed for the moment of
 * the key press, and put back.
 */
#include "server/vnc/input.h"

#include <linux/input-event-codes.h>
#include <xkbcommon/xkbcommon-keysyms.h>

#include "server/held-input.h"
#include "server/vnc/rfb-protocol.h"
#include "sources/keycode.h"

/* More keys than two people have fingers; a press beyond them is dropped. */
#define MAX_PRESSED 32

/* A key that is down because of a keysym: it goes up by the same name, or by another. */
typedef struct Pressed {
	uint32_t keysym, code;
} Pressed;

struct VitVncInput {
	const VitKeymap *keymap;
	VitVncInputEmit emit;
	void *user_data;
	bool view_only;

	VitHeldInput held;
	Pressed pressed[MAX_PRESSED];
	unsigned n_pressed;

	unsigned leds;   /* VitLeds: as last told, and turned by each lock key that goes through */
	bool leds_known; /* the guest told its lights at least once */

	VitVncPointerMode pointer_mode;
	bool has_position;
	uint16_t x, y;    /* last position; only if has_position */
	uint16_t buttons; /* VitRfbButton bits that are down */
};

VitVncInput *vit_vnc_input_new(const VitKeymap *keymap, bool view_only, VitVncInputEmit emit,
			       void *user_data)
{
	VitVncInput *self = g_new0(VitVncInput, 1);

	self->keymap = keymap;
	self->view_only = view_only;
	self->emit = emit;
	self->user_data = user_data;
	return self;
}

void vit_vnc_input_free(VitVncInput *self)
{
	g_free(self);
}

void vit_vnc_input_set_pointer_mode(VitVncInput *self, VitVncPointerMode mode)
{
	if (self->pointer_mode != mode) {
		self->pointer_mode = mode;
		self->has_position = false;
	}
}

void vit_vnc_input_set_leds(VitVncInput *self, unsigned leds)
{
	self->leds = leds;
	self->leds_known = true;
}

static void send(VitVncInput *self, VitInput input)
{
	vit_held_input_note(&self->held, &input);
	self->emit(self->user_data, &input);
}

static unsigned led_of(uint32_t code)
{
	switch (code) {
	case KEY_CAPSLOCK:
		return VIT_LED_CAPS_LOCK;
	case KEY_NUMLOCK:
		return VIT_LED_NUM_LOCK;
	case KEY_SCROLLLOCK:
		return VIT_LED_SCROLL_LOCK;
	default:
		return 0;
	}
}

static void send_key(VitVncInput *self, uint32_t code, bool down)
{
	/* The guest's answer comes later than the next key: its light is taken to have turned. */
	if (down && !vit_held_input_has(&self->held, code)) {
		self->leds ^= led_of(code);
	}
	send(self, (VitInput){.type = VIT_INPUT_KEY, .key = {.code = code, .down = down}});
}

static void tap_key(VitVncInput *self, uint32_t code)
{
	send_key(self, code, true);
	send_key(self, code, false);
}

static bool holds(const VitVncInput *self, uint32_t code)
{
	return vit_held_input_has(&self->held, code);
}

static unsigned present_modifiers(const VitVncInput *self)
{
	unsigned modifiers = 0;

	if (holds(self, KEY_LEFTSHIFT) || holds(self, KEY_RIGHTSHIFT)) {
		modifiers |= VIT_KEY_SHIFT;
	}
	if (holds(self, KEY_RIGHTALT) && vit_keymap_has_altgr(self->keymap)) {
		modifiers |= VIT_KEY_ALTGR;
	}
	if (self->leds & VIT_LED_CAPS_LOCK) {
		modifiers |= VIT_KEY_CAPS_LOCK;
	}
	if (self->leds & VIT_LED_NUM_LOCK) {
		modifiers |= VIT_KEY_NUM_LOCK;
	}
	return modifiers;
}

/* ---- Locks: the viewer's state shows in its keysyms; the guest's is made to agree ---- */

static void sync_num_lock(VitVncInput *self, uint32_t keysym)
{
	bool digit = (keysym >= XKB_KEY_KP_0 && keysym <= XKB_KEY_KP_9) ||
		     keysym == XKB_KEY_KP_Decimal || keysym == XKB_KEY_KP_Separator;
	bool motion = keysym >= XKB_KEY_KP_Home && keysym <= XKB_KEY_KP_Delete;
	bool guest = (self->leds & VIT_LED_NUM_LOCK) != 0;

	/* Shift turns the keypad round for a moment: nothing is known then. */
	if (self->leds_known && (digit || motion) && digit != guest &&
	    !(present_modifiers(self) & VIT_KEY_SHIFT)) {
		tap_key(self, KEY_NUMLOCK);
	}
}

static bool holds_shortcut_modifier(const VitVncInput *self)
{
	return holds(self, KEY_LEFTCTRL) || holds(self, KEY_RIGHTCTRL) ||
	       holds(self, KEY_LEFTALT) || holds(self, KEY_RIGHTALT) || holds(self, KEY_LEFTMETA) ||
	       holds(self, KEY_RIGHTMETA);
}

static void sync_caps_lock(VitVncInput *self, uint32_t keysym)
{
	bool upper = keysym >= XKB_KEY_A && keysym <= XKB_KEY_Z;
	bool lower = keysym >= XKB_KEY_a && keysym <= XKB_KEY_z;
	bool shift = (present_modifiers(self) & VIT_KEY_SHIFT) != 0;
	bool guest = (self->leds & VIT_LED_CAPS_LOCK) != 0;

	/* With Ctrl and its like some viewers name the letter without regard to the lock. */
	if (self->leds_known && (upper || lower) && (upper != shift) != guest &&
	    !holds_shortcut_modifier(self)) {
		tap_key(self, KEY_CAPSLOCK);
	}
}

/* ---- Keys by keysym ---- */

static void release_pressed(VitVncInput *self, unsigned index)
{
	uint32_t code = self->pressed[index].code;

	self->pressed[index] = self->pressed[--self->n_pressed];
	if (holds(self, code)) {
		send_key(self, code, false);
	}
}

/* A repeated press keeps its entry, unless modifiers have put the keysym on another key since. */
static void remember_pressed(VitVncInput *self, uint32_t keysym, uint32_t code)
{
	for (unsigned i = 0; i < self->n_pressed; i++) {
		if (self->pressed[i].keysym == keysym && self->pressed[i].code == code) {
			return;
		}
		if (self->pressed[i].keysym == keysym) {
			release_pressed(self, i);
			break;
		}
	}
	self->pressed[self->n_pressed++] = (Pressed){keysym, code};
}

/*
 * Presses @key for a character under other modifiers than the present ones, and releases it at
 * once: the viewer may name the same key otherwise when it goes up, and its own repeat comes as
 * further presses.
 */
static void type_character(VitVncInput *self, VitKeymapKey key)
{
	static const struct {
		uint32_t code;
		unsigned modifier;
		bool is_default; /* the one to press when the modifier is wanted */
	} keys[] = {
		{KEY_LEFTSHIFT, VIT_KEY_SHIFT, true},
		{KEY_RIGHTSHIFT, VIT_KEY_SHIFT, false},
		{KEY_RIGHTALT, VIT_KEY_ALTGR, true},
	};
	unsigned change = present_modifiers(self) ^ key.modifiers;
	bool changed[G_N_ELEMENTS(keys)];

	for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++) {
		bool wanted = (key.modifiers & keys[i].modifier) != 0;

		changed[i] = (change & keys[i].modifier) &&
			     (wanted ? keys[i].is_default : holds(self, keys[i].code));
		if (changed[i]) {
			send_key(self, keys[i].code, wanted);
		}
	}
	tap_key(self, key.code);
	for (unsigned i = G_N_ELEMENTS(keys); i-- > 0;) {
		if (changed[i]) {
			send_key(self, keys[i].code, !(key.modifiers & keys[i].modifier));
		}
	}
}

static void press_keysym(VitVncInput *self, uint32_t keysym)
{
	VitKeymapKey key;

	sync_num_lock(self, keysym);
	if (!vit_keymap_find(self->keymap, keysym, present_modifiers(self), &key)) {
		g_debug("no key of the layout makes keysym %#x", keysym);
		return;
	}
	if (vit_keysym_is_character(keysym) &&
	    ((key.modifiers ^ present_modifiers(self)) & (VIT_KEY_SHIFT | VIT_KEY_ALTGR))) {
		type_character(self, key);
		return;
	}
	if (self->n_pressed < MAX_PRESSED) {
		remember_pressed(self, keysym, key.code);
		send_key(self, key.code, true);
	}
}

static bool release_by_keysym(VitVncInput *self, uint32_t keysym)
{
	for (unsigned i = 0; i < self->n_pressed; i++) {
		if (self->pressed[i].keysym == keysym) {
			release_pressed(self, i);
			return true;
		}
	}
	return false;
}

static bool release_by_code(VitVncInput *self, uint32_t code)
{
	for (unsigned i = 0; i < self->n_pressed; i++) {
		if (self->pressed[i].code == code) {
			release_pressed(self, i);
			return true;
		}
	}
	return false;
}

static void release_characters(VitVncInput *self)
{
	for (unsigned i = self->n_pressed; i-- > 0;) {
		if (vit_keysym_is_character(self->pressed[i].keysym)) {
			release_pressed(self, i);
		}
	}
}

/*
 * A key that went down as "a" goes up as "A" when Shift came in between; on another layout it can
 * go up as a character that is on another key here. Then it is not known which key went up: a
 * character released too early does less harm than one that repeats for ever.
 */
static void release_keysym(VitVncInput *self, uint32_t keysym)
{
	VitKeymapKey key;

	if (release_by_keysym(self, keysym)) {
		return;
	}
	if (vit_keymap_find(self->keymap, keysym, present_modifiers(self), &key) &&
	    release_by_code(self, key.code)) {
		return;
	}
	if (vit_keysym_is_character(keysym)) {
		release_characters(self);
	}
}

static void handle_keysym(VitVncInput *self, uint32_t keysym, bool down)
{
	if (down) {
		press_keysym(self, keysym);
	} else {
		release_keysym(self, keysym);
	}
}

static void handle_extended_key(VitVncInput *self, const VitRfbMessage *message)
{
	uint32_t code = vit_keycode_from_qnum(message->extended_key.qnum);
	bool down = message->extended_key.down;

	if (code == KEY_RESERVED) {
		handle_keysym(self, message->extended_key.keysym, down);
	} else if (down) {
		sync_num_lock(self, message->extended_key.keysym);
		sync_caps_lock(self, message->extended_key.keysym);
		send_key(self, code, true);
	} else if (holds(self, code)) {
		send_key(self, code, false);
	}
}

/* ---- Pointer ---- */

static void send_button(VitVncInput *self, unsigned bit, bool down)
{
	static const struct {
		uint32_t code; /* 0: the wheel */
		int8_t dx, dy;
	} buttons[] = {
		{.code = BTN_LEFT},  {.code = BTN_MIDDLE}, {.code = BTN_RIGHT}, {.dy = -1},
		{.dy = 1},           {.dx = -1},           {.dx = 1},           {.code = BTN_SIDE},
		{.code = BTN_EXTRA},
	};

	if (bit >= G_N_ELEMENTS(buttons)) {
		return;
	}
	if (buttons[bit].code) {
		send(self, (VitInput){.type = VIT_INPUT_BUTTON,
				      .button = {.code = buttons[bit].code, .down = down}});
	} else if (down) {
		send(self, (VitInput){.type = VIT_INPUT_WHEEL,
				      .wheel = {.dx = buttons[bit].dx, .dy = buttons[bit].dy}});
	}
}

static void send_movement(VitVncInput *self, int32_t dx, int32_t dy)
{
	if (dx != 0 || dy != 0) {
		send(self, (VitInput){.type = VIT_INPUT_POINTER_RELATIVE,
				      .relative = {.dx = dx, .dy = dy}});
	}
}

static void send_position(VitVncInput *self, const VitRfbMessage *message)
{
	uint16_t x = message->pointer.x, y = message->pointer.y;

	switch (self->pointer_mode) {
	case VIT_VNC_POINTER_ABSOLUTE:
		/* With a button it is repeated: another viewer may have moved the pointer. */
		if (!self->has_position || x != self->x || y != self->y ||
		    message->pointer.buttons != self->buttons) {
			send(self, (VitInput){.type = VIT_INPUT_POINTER_ABSOLUTE,
					      .absolute = {.x = x, .y = y}});
		}
		break;
	case VIT_VNC_POINTER_DIFFERENCES:
		if (self->has_position) {
			send_movement(self, x - self->x, y - self->y);
		}
		break;
	case VIT_VNC_POINTER_MOVEMENTS:
		send_movement(self, x - VIT_RFB_RELATIVE_ORIGIN, y - VIT_RFB_RELATIVE_ORIGIN);
		return;
	}
	self->has_position = true;
	self->x = x;
	self->y = y;
}

static void handle_pointer(VitVncInput *self, const VitRfbMessage *message)
{
	unsigned buttons = message->pointer.buttons;
	unsigned changed = buttons ^ self->buttons;

	send_position(self, message);
	self->buttons = message->pointer.buttons;
	for (unsigned bit = 0; changed >> bit != 0; bit++) {
		if (changed >> bit & 1) {
			send_button(self, bit, buttons >> bit & 1);
		}
	}
}

void vit_vnc_input_message(VitVncInput *self, const VitRfbMessage *message)
{
	if (self->view_only) {
		return;
	}
	switch (message->type) {
	case VIT_RFB_KEY:
		handle_keysym(self, message->key.keysym, message->key.down);
		break;
	case VIT_RFB_EXTENDED_KEY:
		handle_extended_key(self, message);
		break;
	case VIT_RFB_POINTER:
		handle_pointer(self, message);
		break;
	default:
		g_assert_not_reached();
	}
}

void vit_vnc_input_release_all(VitVncInput *self)
{
	self->n_pressed = 0;
	self->buttons = 0;
	vit_held_input_release_all(&self->held, self->emit, self->user_data);
}
