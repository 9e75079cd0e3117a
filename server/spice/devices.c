/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * Without an agent the library allows absolute positions on one head only, and viewers ask for no
 * size. With it, positions go to the agent, unless that is switched off: then the pointer is
 * relative, and moves the mouse.
 */
#include "server/spice/devices.h"

#include <spice.h>
#include <string.h>

#include "config/error.h"
#include "server/held-input.h"
#include "server/spice/agent-reader.h"
#include "server/spice/pointer.h"
#include "server/spice/scancode.h"

G_STATIC_ASSERT((int)VIT_LED_SCROLL_LOCK == SPICE_KEYBOARD_MODIFIER_FLAGS_SCROLL_LOCK);
G_STATIC_ASSERT((int)VIT_LED_NUM_LOCK == SPICE_KEYBOARD_MODIFIER_FLAGS_NUM_LOCK);
G_STATIC_ASSERT((int)VIT_LED_CAPS_LOCK == SPICE_KEYBOARD_MODIFIER_FLAGS_CAPS_LOCK);
G_STATIC_ASSERT(sizeof(VDAgentMouseState) <= VIT_SPICE_AGENT_KEPT_BYTES);

/* What the agent says of itself, as it lies on the wire. */
typedef struct AgentAnnouncement {
	VDIChunkHeader chunk;
	VDAgentMessage message;
	VDAgentAnnounceCapabilities capabilities;
	uint32_t words[VD_AGENT_CAPS_SIZE];
} __attribute__((packed)) AgentAnnouncement;

struct VitSpiceDevices {
	SpiceKbdInstance keyboard;
	SpiceMouseInstance mouse;
	SpiceCharDeviceInstance agent;
	SpiceServer *server;
	VitSpiceDevicesEmit emit;
	void *user_data;
	unsigned leds;
	VitSpiceScancodes scancodes;
	VitHeldInput keys;
	VitSpicePointer pointer;
	VitSpiceAgentReader reader;
	AgentAnnouncement announcement;
	size_t n_announced; /* bytes of it that were read; all: nothing is to be read */
};

/* ---- Keyboard ---- */

static VitSpiceDevices *devices_of_keyboard(SpiceKbdInstance *keyboard)
{
	return SPICE_CONTAINEROF(keyboard, VitSpiceDevices, keyboard);
}

static void keyboard_push_scan(SpiceKbdInstance *keyboard, uint8_t byte)
{
	VitSpiceDevices *self = devices_of_keyboard(keyboard);
	VitInput input;

	if (vit_spice_scancodes_take(&self->scancodes, byte, &input)) {
		vit_held_input_note(&self->keys, &input);
		self->emit(self->user_data, 0, &input);
	}
}

static uint8_t keyboard_get_leds(SpiceKbdInstance *keyboard)
{
	return (uint8_t)devices_of_keyboard(keyboard)->leds;
}

static const SpiceKbdInterface keyboard_interface = {
	.base =
		{
			.type = SPICE_INTERFACE_KEYBOARD,
			.description = "vitrine",
			.major_version = SPICE_INTERFACE_KEYBOARD_MAJOR,
			.minor_version = SPICE_INTERFACE_KEYBOARD_MINOR,
		},
	.push_scan_freg = keyboard_push_scan,
	.get_leds = keyboard_get_leds,
};

void vit_spice_devices_set_leds(VitSpiceDevices *self, unsigned leds)
{
	self->leds = leds;
	(void)spice_server_kbd_leds(&self->keyboard, (int)leds);
}

/* ---- Mouse ---- */

static VitSpiceDevices *devices_of_mouse(SpiceMouseInstance *mouse)
{
	return SPICE_CONTAINEROF(mouse, VitSpiceDevices, mouse);
}

static void mouse_motion(SpiceMouseInstance *mouse, int dx, int dy, int dz, uint32_t buttons)
{
	vit_spice_pointer_move(&devices_of_mouse(mouse)->pointer, dx, dy, dz, buttons);
}

static void mouse_buttons(SpiceMouseInstance *mouse, uint32_t buttons)
{
	vit_spice_pointer_move(&devices_of_mouse(mouse)->pointer, 0, 0, 0, buttons);
}

static const SpiceMouseInterface mouse_interface = {
	.base =
		{
			.type = SPICE_INTERFACE_MOUSE,
			.description = "vitrine",
			.major_version = SPICE_INTERFACE_MOUSE_MAJOR,
			.minor_version = SPICE_INTERFACE_MOUSE_MINOR,
		},
	.motion = mouse_motion,
	.buttons = mouse_buttons,
};

static void on_pointer_input(void *user_data, unsigned head, const VitInput *input)
{
	VitSpiceDevices *self = user_data;

	self->emit(self->user_data, head, input);
}

void vit_spice_devices_set_absolute(VitSpiceDevices *self, bool absolute)
{
	vit_spice_pointer_release_all(&self->pointer);
	(void)spice_server_set_agent_mouse(self->server, absolute);
}

/* ---- Agent ---- */

static VitSpiceDevices *devices_of_agent(SpiceCharDeviceInstance *agent)
{
	return SPICE_CONTAINEROF(agent, VitSpiceDevices, agent);
}

/* What the viewer asks for, it gets once more. */
static void devices_announce(VitSpiceDevices *self)
{
	self->announcement = (AgentAnnouncement){
		.chunk =
			{
				.port = GUINT32_TO_LE(VDP_CLIENT_PORT),
				.size = GUINT32_TO_LE(sizeof(AgentAnnouncement) -
						      sizeof(VDIChunkHeader)),
			},
		.message =
			{
				.protocol = GUINT32_TO_LE(VD_AGENT_PROTOCOL),
				.type = GUINT32_TO_LE(VD_AGENT_ANNOUNCE_CAPABILITIES),
				.size = GUINT32_TO_LE(sizeof(AgentAnnouncement) -
						      sizeof(VDIChunkHeader) -
						      sizeof(VDAgentMessage)),
			},
		.words = {GUINT32_TO_LE(1 << VD_AGENT_CAP_MOUSE_STATE |
					1 << VD_AGENT_CAP_MONITORS_CONFIG |
					1 << VD_AGENT_CAP_SPARSE_MONITORS_CONFIG)},
	};
	self->n_announced = 0;
	spice_server_char_device_wakeup(&self->agent);
}

static void on_agent_message(void *user_data, VitSpiceAgentPort port, uint32_t type,
			     const uint8_t *body, size_t n_body_bytes)
{
	VitSpiceDevices *self = user_data;
	VDAgentMouseState state;

	if (port == VIT_SPICE_AGENT_SERVER && type == VD_AGENT_MOUSE_STATE &&
	    n_body_bytes >= sizeof(state)) {
		memcpy(&state, body, sizeof(state));
		vit_spice_pointer_set_agent_state(
			&self->pointer, state.display_id, GUINT32_FROM_LE(state.x),
			GUINT32_FROM_LE(state.y), GUINT32_FROM_LE(state.buttons));
	} else if (port == VIT_SPICE_AGENT_CLIENT && type == VD_AGENT_ANNOUNCE_CAPABILITIES &&
		   self->n_announced == sizeof(self->announcement)) {
		devices_announce(self);
	}
}

static void agent_state(SpiceCharDeviceInstance *agent, int connected)
{
}

static int agent_write(SpiceCharDeviceInstance *agent, const uint8_t *bytes, int n_bytes)
{
	vit_spice_agent_reader_take(&devices_of_agent(agent)->reader, bytes, (size_t)n_bytes);
	return n_bytes;
}

static int agent_read(SpiceCharDeviceInstance *agent, uint8_t *ret_bytes, int max_bytes)
{
	VitSpiceDevices *self = devices_of_agent(agent);
	size_t n_bytes = MIN((size_t)max_bytes, sizeof(self->announcement) - self->n_announced);

	memcpy(ret_bytes, (uint8_t *)&self->announcement + self->n_announced, n_bytes);
	self->n_announced += n_bytes;
	return (int)n_bytes;
}

static const SpiceCharDeviceInterface agent_interface = {
	.base =
		{
			.type = SPICE_INTERFACE_CHAR_DEVICE,
			.description = "vitrine",
			.major_version = SPICE_INTERFACE_CHAR_DEVICE_MAJOR,
			.minor_version = SPICE_INTERFACE_CHAR_DEVICE_MINOR,
		},
	.state = agent_state,
	.write = agent_write,
	.read = agent_read,
};

/* ---- All of them ---- */

VitSpiceDevices *vit_spice_devices_new(VitSpiceDevicesEmit emit, void *user_data)
{
	VitSpiceDevices *self = g_new0(VitSpiceDevices, 1);

	self->emit = emit;
	self->user_data = user_data;
	self->pointer.emit = on_pointer_input;
	self->pointer.user_data = self;
	self->reader.message = on_agent_message;
	self->reader.user_data = self;
	self->n_announced = sizeof(self->announcement);
	self->keyboard.base.sif = &keyboard_interface.base;
	self->mouse.base.sif = &mouse_interface.base;
	self->agent.base.sif = &agent_interface.base;
	self->agent.subtype = "vdagent";
	return self;
}

bool vit_spice_devices_add(VitSpiceDevices *self, SpiceServer *server, GError **error)
{
	self->server = server;
	if (spice_server_add_interface(server, &self->keyboard.base) != 0 ||
	    spice_server_add_interface(server, &self->mouse.base) != 0 ||
	    spice_server_add_interface(server, &self->agent.base) != 0) {
		g_set_error_literal(error, VIT_ERROR, VIT_ERROR_INTERNAL,
				    "libspice-server refuses its input devices.");
		return false;
	}
	return true;
}

static void on_key_release(void *user_data, const VitInput *input)
{
	VitSpiceDevices *self = user_data;

	self->emit(self->user_data, 0, input);
}

void vit_spice_devices_free(VitSpiceDevices *self)
{
	if (self) {
		vit_held_input_release_all(&self->keys, on_key_release, self);
		vit_spice_pointer_release_all(&self->pointer);
		g_free(self);
	}
}
