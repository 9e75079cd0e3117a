/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The table of keys: the one place that says which there are, what may be written and what they
 * mean. Rows of a group stand together. The man page and the sample file are checked against it.
 */
#include "config/config.h"

/* sun_path holds 108 bytes with the NUL; heads above the first get ".15" appended at the most. */
#define SOCKET_BYTES      107
#define HEAD_SOCKET_BYTES 104

static const char *const log_levels[] = {"debug", "info", "message", "warning", NULL};
static const char *const source_types[] = {"pattern", "qemu", "gpu-socket", NULL};
static const char *const formats[] = {
	"XR24", "AR24", "XB24", "AB24", "RX24", "RA24", "BX24", "BA24",
	"RG16", "XR30", "XB30", "AR30", "AB30", "RG24", "XR15", NULL,
};
static const char *const scripts[] = {
	"still", "typing", "scroll", "motion", "resize", "everything", NULL,
};
static const char *const bufferings[] = {"single", "ring", "fresh", NULL};
static const char *const memories[] = {"memfd", "udmabuf", "dma-heap", NULL};
static const char *const shares[] = {"shared", "exclusive", "client", NULL};

const VitConfigKey vit_config_keys[] = {
	{
		.group = "vitrine",
		.key = "log-level",
		.type = VIT_KEY_CHOICE,
		.choices = log_levels,
		.default_value = "message",
		.doc = "The least important messages that are logged.",
	},
	{
		.group = "vitrine",
		.key = "name",
		.type = VIT_KEY_STRING,
		.max = 255,
		.doc = "The name of the VM in the titles of viewers' windows. Not set: the name "
		       "that the source gives.",
	},
	{
		.group = "source",
		.key = "type",
		.type = VIT_KEY_CHOICE,
		.choices = source_types,
		.default_value = "pattern",
		.doc = "Where the picture comes from: qemu is a running VM of QEMU's, gpu-socket a "
		       "graphics device that shows its picture on a display socket, pattern a test "
		       "picture that Vitrine draws itself.",
	},
	{
		.group = "qemu",
		.key = "qmp",
		.type = VIT_KEY_PATH,
		.max = SOCKET_BYTES,
		.doc = "QMP unix socket of a QEMU that was started with -display dbus,p2p=yes. "
		       "With type = qemu, exactly one of qmp and bus is set.",
	},
	{
		.group = "qemu",
		.key = "bus",
		.type = VIT_KEY_STRING,
		.max = 1024,
		.doc = "D-Bus address of the private bus that QEMU is on, as in -display "
		       "dbus,addr=.",
	},
	{
		.group = "gpu-socket",
		.key = "path",
		.type = VIT_KEY_PATH,
		.max = SOCKET_BYTES,
		.doc = "Unix socket on which the graphics device waits for Vitrine. It speaks the "
		       "vhost-user-gpu display protocol.",
	},
	{
		.group = "gpu-socket",
		.key = "heads",
		.type = VIT_KEY_UINT,
		.min = 1,
		.max = 16,
		.default_value = "1",
		.doc = "Number of monitors that the guest is offered.",
	},
	{
		.group = "gpu-socket",
		.key = "size",
		.type = VIT_KEY_SIZE,
		.default_value = "1280x800",
		.doc = "Width and height in pixels that the guest is asked to show until a viewer "
		       "wants others; each at least 64.",
	},
	{
		.group = "gpu-socket",
		.key = "uid",
		.type = VIT_KEY_UINT,
		.min = 0,
		.max = 4294967294,
		.doc = "Number of the user that the graphics device must run as. Not set: root, or "
		       "the user that Vitrine runs as.",
	},
	{
		.group = "pattern",
		.key = "size",
		.type = VIT_KEY_SIZE,
		.default_value = "1280x800",
		.doc = "Width and height of the test picture in pixels.",
	},
	{
		.group = "pattern",
		.key = "format",
		.type = VIT_KEY_CHOICE,
		.choices = formats,
		.default_value = "XR24",
		.doc = "Pixel format of the test picture, as the four letters of its DRM fourcc.",
	},
	{
		.group = "pattern",
		.key = "rate-hz",
		.type = VIT_KEY_UINT,
		.min = 1,
		.max = 240,
		.default_value = "60",
		.doc = "Pictures a second.",
	},
	{
		.group = "pattern",
		.key = "heads",
		.type = VIT_KEY_UINT,
		.min = 1,
		.max = 16,
		.default_value = "1",
		.doc = "Number of monitors, each with a picture of its own.",
	},
	{
		.group = "pattern",
		.key = "script",
		.type = VIT_KEY_CHOICE,
		.choices = scripts,
		.default_value = "motion",
		.doc = "What happens in the picture: nothing, a line being typed, a scrolling "
		       "page, a moving picture, changes of size, or one after the other.",
	},
	{
		.group = "pattern",
		.key = "buffering",
		.type = VIT_KEY_CHOICE,
		.choices = bufferings,
		.default_value = "ring",
		.doc = "Which memory a picture is drawn into: always the same (single), a few in "
		       "turn (ring), or new memory each time (fresh).",
	},
	{
		.group = "pattern",
		.key = "memory",
		.type = VIT_KEY_CHOICE,
		.choices = memories,
		.default_value = "memfd",
		.doc = "What that memory is: ordinary shared memory (memfd), or a dmabuf as a "
		       "graphics driver makes it, by /dev/udmabuf (udmabuf) or by "
		       "/dev/dma_heap/system (dma-heap).",
	},
	{
		.group = "pattern",
		.key = "bottom-up",
		.type = VIT_KEY_BOOL,
		.default_value = "no",
		.doc = "Whether the first row in memory is the lowest of the picture.",
	},
	{
		.group = "pattern",
		.key = "padding-bytes",
		.type = VIT_KEY_UINT,
		.min = 0,
		.max = 4096,
		.default_value = "0",
		.doc = "Unused bytes after each row in memory.",
	},
	{
		.group = "pattern",
		.key = "wait-for-release",
		.type = VIT_KEY_BOOL,
		.default_value = "yes",
		.doc = "Whether the next picture waits until the last one was acknowledged, as a "
		       "guest does.",
	},
	{
		.group = "console",
		.key = "deadline-ms",
		.type = VIT_KEY_UINT,
		.min = 1,
		.max = 1000,
		.default_value = "20",
		.doc = "Milliseconds after which a guest's frame is acknowledged even though it "
		       "was not read to its end.",
	},
	{
		.group = "render",
		.key = "program",
		.type = VIT_KEY_PATH,
		.doc = "The program that touches the pixels. Not set: the vitrine-render that "
		       "was installed with vitrine.",
	},
	{
		.group = "render",
		.key = "deadline-ms",
		.type = VIT_KEY_UINT,
		.min = 50,
		.max = 10000,
		.default_value = "400",
		.doc = "Milliseconds that vitrine-render may take for one job; after that it is "
		       "killed and started again.",
	},
	{
		.group = "vnc",
		.key = "enabled",
		.type = VIT_KEY_BOOL,
		.default_value = "yes",
		.doc = "Whether VNC viewers can connect.",
	},
	{
		.group = "vnc",
		.key = "listen",
		.type = VIT_KEY_ADDRESS,
		.default_value = "127.0.0.1:5900",
		.doc = "Where VNC viewers connect; monitor N, counted from 0, is on this port + "
		       "N. With none there is no TCP port.",
	},
	{
		.group = "vnc",
		.key = "unix",
		.type = VIT_KEY_PATH,
		.max = HEAD_SOCKET_BYTES,
		.doc = "A unix socket for VNC viewers as well; that of monitor N above 0 gets .N "
		       "appended.",
	},
	{
		.group = "vnc",
		.key = "insecure",
		.type = VIT_KEY_BOOL,
		.default_value = "no",
		.doc = "Whether listen may be an address that other machines can reach, although "
		       "VNC is neither encrypted nor well protected.",
	},
	{
		.group = "vnc",
		.key = "password-file",
		.type = VIT_KEY_PATH,
		.doc = "File whose first line is the password that viewers are asked for; VNC "
		       "uses its first 8 bytes. Not set: no password.",
	},
	{
		.group = "vnc",
		.key = "view-only-password-file",
		.type = VIT_KEY_PATH,
		.doc = "The same for viewers that may watch but not type. Without password-file nobody "
		       "may type then.",
	},
	{
		.group = "vnc",
		.key = "share",
		.type = VIT_KEY_CHOICE,
		.choices = shares,
		.default_value = "client",
		.doc = "Who may be connected together: everybody (shared), only the newest viewer "
		       "(exclusive), or as each viewer asks when it connects (client); "
		       "TigerVNC asks to be alone unless it is started with -Shared.",
	},
	{
		.group = "vnc",
		.key = "max-clients",
		.type = VIT_KEY_UINT,
		.min = 1,
		.max = 64,
		.default_value = "16",
		.doc = "Viewers that may be connected at the same time.",
	},
	{
		.group = "vnc",
		.key = "handshake-timeout-s",
		.type = VIT_KEY_UINT,
		.min = 1,
		.max = 120,
		.default_value = "10",
		.doc = "Seconds that a viewer has from connecting until it is let in.",
	},
	{
		.group = "vnc",
		.key = "stall-timeout-s",
		.type = VIT_KEY_UINT,
		.min = 5,
		.max = 3600,
		.default_value = "60",
		.doc = "Seconds after which a viewer that has stopped reading is disconnected.",
	},
	{
		.group = "vnc",
		.key = "keymap",
		.type = VIT_KEY_STRING,
		.max = 64,
		.default_value = "us",
		.doc = "XKB layout, or layout:variant, of the guest's keyboard. It is used for "
		       "viewers that send characters instead of keys.",
	},
	{
		.group = "vnc",
		.key = "jpeg",
		.type = VIT_KEY_BOOL,
		.default_value = "yes",
		.doc = "Whether viewers that ask for a picture quality may get parts of the "
		       "picture as JPEG.",
	},
	{
		.group = "spice",
		.key = "enabled",
		.type = VIT_KEY_BOOL,
		.default_value = "no",
		.doc = "Whether SPICE viewers can connect. They need the key unix.",
	},
	{
		.group = "spice",
		.key = "unix",
		.type = VIT_KEY_PATH,
		.max = SOCKET_BYTES,
		.doc = "The unix socket where SPICE viewers on this machine connect, as in "
		       "remote-viewer spice+unix://PATH; all monitors are behind it. They are "
		       "given the guest's picture as a buffer, without a copy. Only the user that "
		       "Vitrine runs as may connect.",
	},
	{
		.group = "spice",
		.key = "max-clients",
		.type = VIT_KEY_UINT,
		.min = 1,
		.max = 64,
		.default_value = "16",
		.doc = "SPICE viewers that may be connected at the same time.",
	},
	{.group = NULL},
};
