/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Input for one head: VitInput → calls of org.qemu.Display1.Keyboard, .Mouse and .MultiTouch.
 *
 * Nobody waits for the answers, but they are counted: a VM that does not answer (stopped, or in a
 * debugger) must not have calls pile up in front of it. First motion is merged into one pending
 * position or distance, then presses and wheel notches are dropped. The release of what was pressed
 * always goes out; there are only so many keys. A release without a press is not sent: it belongs
 * to a VM that is gone.
 *
 * A position is refused while the guest has a relative pointer, and a distance while it has an
 * absolute one; a refusal says that what we know of the pointer is outdated.
 */
#include <linux/input-event-codes.h>
#include <math.h>

#include "sources/keycode.h"
#include "sources/qemu/qemu-private.h"

#define INPUT_MERGE_MOTION_AT   16  /* calls without an answer */
#define INPUT_MAX_CALLS         256 /* but releases */
#define INPUT_MAX_QNUM          256
#define INPUT_MAX_NOTCHES       16 /* of one wheel event */
#define INPUT_DPI               96 /* of a viewer that does not say how large its pixels are */
#define INPUT_TENTH_MM_PER_INCH 254

/* org.qemu.Display1.Mouse: the wheel is two buttons. */
enum {
	INPUT_BUTTON_LEFT = 0,
	INPUT_BUTTON_MIDDLE = 1,
	INPUT_BUTTON_RIGHT = 2,
	INPUT_BUTTON_WHEEL_UP = 3,
	INPUT_BUTTON_WHEEL_DOWN = 4,
	INPUT_BUTTON_SIDE = 5,
	INPUT_BUTTON_EXTRA = 6,
	INPUT_N_BUTTONS,
};

typedef struct InputSink {
	VitInputSink base;
	VitQemuInput *input;
} InputSink;

struct VitQemuInput {
	void (*stale)(void *user_data); /* NULL once the console is done with it */
	void *stale_data;

	GDBusConnection *connection; /* NULL: no VM */
	char *bus_name, *object_path;
	GCancellable *cancellable; /* of the calls to this VM */
	unsigned n_calls;          /* without an answer, to this VM */

	uint32_t width, height; /* pixels; 0: unknown */
	uint32_t touch_slots;

	bool keys_down[INPUT_MAX_QNUM];
	bool buttons_down[INPUT_N_BUTTONS];

	/* Motion that waits for answers; at most one of the two. */
	bool has_position, has_distance;
	uint32_t x, y;
	int32_t dx, dy;
};

/* A call without an answer. */
typedef struct InputCall {
	VitQemuInput *input;
	GCancellable *cancellable; /* cancelled: the VM it went to is gone */
	bool is_motion;
} InputCall;

static void input_clear(void *data)
{
	g_clear_object(&((VitQemuInput *)data)->cancellable);
}

static void input_unref(VitQemuInput *self)
{
	g_rc_box_release_full(self, input_clear);
}

static void input_send_pending_motion(VitQemuInput *self);

static void on_input_answered(GObject *connection, GAsyncResult *result, void *user_data)
{
	InputCall *call = user_data;
	VitQemuInput *self = call->input;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) answer =
		g_dbus_connection_call_finish(G_DBUS_CONNECTION(connection), result, &error);

	if (!g_cancellable_is_cancelled(call->cancellable)) {
		self->n_calls--;
		if (!answer && call->is_motion && self->stale) {
			self->stale(self->stale_data);
		}
		if (self->n_calls < INPUT_MERGE_MOTION_AT) {
			input_send_pending_motion(self);
		}
	}
	g_object_unref(call->cancellable);
	input_unref(self);
	g_free(call);
}

/* Sends one call; sinks @arguments. */
static void input_call(VitQemuInput *self, const char *interface, const char *member,
		       GVariant *arguments, bool is_motion)
{
	InputCall *call = g_new0(InputCall, 1);

	call->input = g_rc_box_acquire(self);
	call->cancellable = g_object_ref(self->cancellable);
	call->is_motion = is_motion;
	self->n_calls++;
	g_dbus_connection_call(self->connection, self->bus_name, self->object_path, interface,
			       member, arguments, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START,
			       VIT_QEMU_NO_TIMEOUT, self->cancellable, on_input_answered, call);
}

/* ---- Motion ---- */

static void input_send_pending_motion(VitQemuInput *self)
{
	if (self->connection && self->has_position) {
		input_call(self, VIT_QEMU_MOUSE, "SetAbsPosition",
			   g_variant_new("(uu)", self->x, self->y), true);
	} else if (self->connection && self->has_distance) {
		input_call(self, VIT_QEMU_MOUSE, "RelMotion",
			   g_variant_new("(ii)", self->dx, self->dy), true);
	}
	self->has_position = false;
	self->has_distance = false;
	self->dx = 0;
	self->dy = 0;
}

static void input_motion_changed(VitQemuInput *self)
{
	if (self->n_calls < INPUT_MERGE_MOTION_AT) {
		input_send_pending_motion(self);
	}
}

static void input_send_position(VitQemuInput *self, uint32_t x, uint32_t y)
{
	self->has_distance = false;
	self->has_position = true;
	self->x = self->width > 0 ? MIN(x, self->width - 1) : x;
	self->y = self->height > 0 ? MIN(y, self->height - 1) : y;
	input_motion_changed(self);
}

static int32_t input_add_clamped(int32_t a, int32_t b)
{
	return (int32_t)CLAMP((int64_t)a + b, G_MININT32, G_MAXINT32);
}

static void input_send_distance(VitQemuInput *self, int32_t dx, int32_t dy)
{
	self->has_position = false;
	self->has_distance = true;
	self->dx = input_add_clamped(self->dx, dx);
	self->dy = input_add_clamped(self->dy, dy);
	input_motion_changed(self);
}

/* ---- Keys, buttons, wheel, touch: in order with the motion before them ---- */

/* Sends a press or a release of @number, whose state is @is_down. */
static void input_send_switch(VitQemuInput *self, const char *interface, uint32_t number,
			      bool *is_down, bool down)
{
	if (down ? self->n_calls >= INPUT_MAX_CALLS : !*is_down) {
		return;
	}
	*is_down = down;
	input_send_pending_motion(self);
	input_call(self, interface, down ? "Press" : "Release", g_variant_new("(u)", number),
		   false);
}

static void input_send_key(VitQemuInput *self, uint32_t code, bool down)
{
	uint32_t qnum = vit_keycode_to_qnum(code);

	if (qnum > 0 && qnum < INPUT_MAX_QNUM) {
		input_send_switch(self, VIT_QEMU_KEYBOARD, qnum, &self->keys_down[qnum], down);
	}
}

static void input_send_button(VitQemuInput *self, uint32_t code, bool down)
{
	unsigned button;

	switch (code) {
	case BTN_LEFT:
		button = INPUT_BUTTON_LEFT;
		break;
	case BTN_MIDDLE:
		button = INPUT_BUTTON_MIDDLE;
		break;
	case BTN_RIGHT:
		button = INPUT_BUTTON_RIGHT;
		break;
	case BTN_SIDE:
		button = INPUT_BUTTON_SIDE;
		break;
	case BTN_EXTRA:
		button = INPUT_BUTTON_EXTRA;
		break;
	default:
		return;
	}
	input_send_switch(self, VIT_QEMU_MOUSE, button, &self->buttons_down[button], down);
}

/* Only up and down: the interface has no wheel to the sides. */
static void input_send_wheel(VitQemuInput *self, int32_t dy)
{
	unsigned button = dy > 0 ? INPUT_BUTTON_WHEEL_DOWN : INPUT_BUTTON_WHEEL_UP;
	int32_t n_notches = CLAMP(dy, -INPUT_MAX_NOTCHES, INPUT_MAX_NOTCHES);

	for (int32_t i = 0; i < ABS(n_notches); i++) {
		input_send_switch(self, VIT_QEMU_MOUSE, button, &self->buttons_down[button], true);
		input_send_switch(self, VIT_QEMU_MOUSE, button, &self->buttons_down[button], false);
	}
}

static void input_send_touch(VitQemuInput *self, VitTouchPhase phase, uint32_t slot, double x,
			     double y)
{
	static const uint32_t kinds[] = {
		[VIT_TOUCH_BEGIN] = 0,
		[VIT_TOUCH_UPDATE] = 1,
		[VIT_TOUCH_END] = 2,
		[VIT_TOUCH_CANCEL] = 3,
	};
	/* A finger that was lifted and not told would stay on the screen. */
	bool must_go = phase == VIT_TOUCH_END || phase == VIT_TOUCH_CANCEL;

	if (slot >= self->touch_slots || !isfinite(x) || !isfinite(y) ||
	    self->n_calls >= (must_go ? 2 * INPUT_MAX_CALLS : INPUT_MAX_CALLS)) {
		return;
	}
	input_call(self, VIT_QEMU_MULTI_TOUCH, "SendEvent",
		   g_variant_new("(utdd)", kinds[phase], (uint64_t)slot, x, y), false);
}

/* ---- The sink ---- */

static void qemu_input_send(VitInputSink *sink, const VitInput *input)
{
	VitQemuInput *self = ((InputSink *)sink)->input;

	if (!self->connection) {
		return;
	}
	switch (input->type) {
	case VIT_INPUT_KEY:
		input_send_key(self, input->key.code, input->key.down);
		break;
	case VIT_INPUT_POINTER_ABSOLUTE:
		input_send_position(self, input->absolute.x, input->absolute.y);
		break;
	case VIT_INPUT_POINTER_RELATIVE:
		input_send_distance(self, input->relative.dx, input->relative.dy);
		break;
	case VIT_INPUT_BUTTON:
		input_send_button(self, input->button.code, input->button.down);
		break;
	case VIT_INPUT_WHEEL:
		input_send_wheel(self, input->wheel.dy);
		break;
	case VIT_INPUT_TOUCH:
		input_send_touch(self, input->touch.phase, input->touch.slot, input->touch.x,
				 input->touch.y);
		break;
	}
}

static uint16_t input_side_mm(uint32_t side_px, uint32_t side_mm)
{
	uint64_t mm = side_mm > 0 ? side_mm
				  : (uint64_t)side_px * INPUT_TENTH_MM_PER_INCH / (INPUT_DPI * 10);

	return (uint16_t)MIN(mm, G_MAXUINT16);
}

static void qemu_input_set_size(VitInputSink *sink, uint32_t width, uint32_t height,
				uint32_t width_mm, uint32_t height_mm)
{
	VitQemuInput *self = ((InputSink *)sink)->input;

	/* To QEMU a side of 0 means that the monitor is unplugged. */
	if (!self->connection || self->n_calls >= INPUT_MAX_CALLS || width < 1 ||
	    width > VIT_BUFFER_MAX_SIDE || height < 1 || height > VIT_BUFFER_MAX_SIDE) {
		return;
	}
	input_call(self, VIT_QEMU_CONSOLE, "SetUIInfo",
		   g_variant_new("(qqiiuu)", input_side_mm(width, width_mm),
				 input_side_mm(height, height_mm), 0, 0, width, height),
		   false);
}

static void qemu_input_destroy(VitInputSink *sink)
{
	InputSink *self = (InputSink *)sink;

	input_unref(self->input);
	g_free(self);
}

VitInputSink *vit_qemu_input_ref_sink(VitQemuInput *self)
{
	static const VitInputSinkImpl impl = {
		.name = "qemu",
		.send = qemu_input_send,
		.set_size = qemu_input_set_size,
		.destroy = qemu_input_destroy,
	};
	InputSink *sink = g_new0(InputSink, 1);

	sink->base.impl = &impl;
	sink->input = g_rc_box_acquire(self);
	return &sink->base;
}

VitQemuInput *vit_qemu_input_new(void (*stale)(void *user_data), void *user_data)
{
	VitQemuInput *self = g_rc_box_new0(VitQemuInput);

	self->stale = stale;
	self->stale_data = user_data;
	return self;
}

void vit_qemu_input_attach(VitQemuInput *self, GDBusConnection *connection, const char *bus_name,
			   const char *object_path)
{
	vit_qemu_input_detach(self);
	self->connection = g_object_ref(connection);
	self->bus_name = g_strdup(bus_name);
	self->object_path = g_strdup(object_path);
	self->cancellable = g_cancellable_new();
}

void vit_qemu_input_detach(VitQemuInput *self)
{
	if (self->cancellable) {
		g_cancellable_cancel(self->cancellable);
		g_clear_object(&self->cancellable);
	}
	g_clear_object(&self->connection);
	g_clear_pointer(&self->bus_name, g_free);
	g_clear_pointer(&self->object_path, g_free);
	self->n_calls = 0;
	input_send_pending_motion(self); /* without a connection: forgets it */
	memset(self->keys_down, 0, sizeof(self->keys_down));
	memset(self->buttons_down, 0, sizeof(self->buttons_down));
	vit_qemu_input_set_limits(self, 0, 0, 0);
}

void vit_qemu_input_set_limits(VitQemuInput *self, uint32_t width, uint32_t height,
			       uint32_t touch_slots)
{
	self->width = width;
	self->height = height;
	self->touch_slots = touch_slots;
}

void vit_qemu_input_free(VitQemuInput *self)
{
	self->stale = NULL;
	vit_qemu_input_detach(self);
	input_unref(self);
}
