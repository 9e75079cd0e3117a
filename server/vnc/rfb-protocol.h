/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

/*
 * The numbers of the Remote Framebuffer protocol that this server reads or writes. Spec: RFC 6143
 * (RFB 3.8) for the base protocol; the community's rfbproto specification for everything marked
 * "rfbproto" and for the registry of numbers.
 */

#define VIT_RFB_VERSION_BYTES 12 /* "RFB 003.008\n" */

/* Security types, RFC 6143 §7.2. */
typedef enum VitRfbSecurity {
	VIT_RFB_SECURITY_INVALID = 0,
	VIT_RFB_SECURITY_NONE = 1,
	VIT_RFB_SECURITY_VNC_AUTH = 2,
} VitRfbSecurity;

#define VIT_RFB_CHALLENGE_BYTES 16

/* SecurityResult, RFC 6143 §7.1.3. */
#define VIT_RFB_SECURITY_OK     0
#define VIT_RFB_SECURITY_FAILED 1

/* Client to server messages, RFC 6143 §7.5; the rest rfbproto. */
typedef enum VitRfbClientMessage {
	VIT_RFB_CLIENT_SET_PIXEL_FORMAT = 0,
	VIT_RFB_CLIENT_SET_ENCODINGS = 2,
	VIT_RFB_CLIENT_UPDATE_REQUEST = 3,
	VIT_RFB_CLIENT_KEY_EVENT = 4,
	VIT_RFB_CLIENT_POINTER_EVENT = 5,
	VIT_RFB_CLIENT_CUT_TEXT = 6,
	VIT_RFB_CLIENT_CONTINUOUS_UPDATES = 150,
	VIT_RFB_CLIENT_FENCE = 248,
	VIT_RFB_CLIENT_XVP = 250,
	VIT_RFB_CLIENT_SET_DESKTOP_SIZE = 251,
	VIT_RFB_CLIENT_QEMU = 255,
} VitRfbClientMessage;

/* Second byte of VIT_RFB_CLIENT_QEMU, rfbproto. */
typedef enum VitRfbQemuMessage {
	VIT_RFB_QEMU_EXTENDED_KEY = 0,
	VIT_RFB_QEMU_AUDIO = 1,
} VitRfbQemuMessage;

/* Third and fourth byte of VIT_RFB_QEMU_AUDIO, rfbproto. */
typedef enum VitRfbQemuAudio {
	VIT_RFB_QEMU_AUDIO_ENABLE = 0,
	VIT_RFB_QEMU_AUDIO_DISABLE = 1,
	VIT_RFB_QEMU_AUDIO_SET_FORMAT = 2,
} VitRfbQemuAudio;

/* Server to client messages, RFC 6143 §7.6; the rest rfbproto. */
typedef enum VitRfbServerMessage {
	VIT_RFB_SERVER_FRAMEBUFFER_UPDATE = 0,
	VIT_RFB_SERVER_SET_COLOUR_MAP = 1,
	VIT_RFB_SERVER_BELL = 2,
	VIT_RFB_SERVER_CUT_TEXT = 3,
	VIT_RFB_SERVER_END_OF_CONTINUOUS_UPDATES = 150,
	VIT_RFB_SERVER_FENCE = 248,
} VitRfbServerMessage;

/* Flags of the fence messages, rfbproto. */
#define VIT_RFB_FENCE_BLOCK_BEFORE (1u << 0)
#define VIT_RFB_FENCE_BLOCK_AFTER  (1u << 1)
#define VIT_RFB_FENCE_SYNC_NEXT    (1u << 2)
#define VIT_RFB_FENCE_REQUEST      (1u << 31)

/* Encodings, RFC 6143 §7.7; Zlib, Tight and Open H.264: rfbproto. */
typedef enum VitRfbEncoding {
	VIT_RFB_ENCODING_RAW = 0,
	VIT_RFB_ENCODING_COPY_RECT = 1,
	VIT_RFB_ENCODING_RRE = 2,
	VIT_RFB_ENCODING_CORRE = 4,
	VIT_RFB_ENCODING_HEXTILE = 5,
	VIT_RFB_ENCODING_ZLIB = 6,
	VIT_RFB_ENCODING_TIGHT = 7,
	VIT_RFB_ENCODING_ZRLE = 16,
	VIT_RFB_ENCODING_OPEN_H264 = 50,
} VitRfbEncoding;

/* Pseudo-encodings: Cursor and DesktopSize RFC 6143 §7.8; the rest rfbproto. */
typedef enum VitRfbPseudoEncoding {
	VIT_RFB_PSEUDO_JPEG_QUALITY_LOWEST = -32,
	VIT_RFB_PSEUDO_JPEG_QUALITY_HIGHEST = -23,
	VIT_RFB_PSEUDO_DESKTOP_SIZE = -223,
	VIT_RFB_PSEUDO_LAST_RECT = -224,
	VIT_RFB_PSEUDO_POINTER_POSITION = -232,
	VIT_RFB_PSEUDO_CURSOR = -239,
	VIT_RFB_PSEUDO_X_CURSOR = -240,
	VIT_RFB_PSEUDO_COMPRESSION_LOWEST = -256,
	VIT_RFB_PSEUDO_COMPRESSION_HIGHEST = -247,
	VIT_RFB_PSEUDO_QEMU_POINTER_MOTION_CHANGE = -257,
	VIT_RFB_PSEUDO_QEMU_EXTENDED_KEY_EVENT = -258,
	VIT_RFB_PSEUDO_QEMU_AUDIO = -259,
	VIT_RFB_PSEUDO_QEMU_LED_STATE = -261,
	VIT_RFB_PSEUDO_DESKTOP_NAME = -307,
	VIT_RFB_PSEUDO_EXTENDED_DESKTOP_SIZE = -308,
	VIT_RFB_PSEUDO_XVP = -309,
	VIT_RFB_PSEUDO_FENCE = -312,
	VIT_RFB_PSEUDO_CONTINUOUS_UPDATES = -313,
	VIT_RFB_PSEUDO_CURSOR_WITH_ALPHA = -314,
	VIT_RFB_PSEUDO_EXTENDED_MOUSE_BUTTONS = -316,
	VIT_RFB_PSEUDO_JPEG_FINE_QUALITY_LOWEST = -512,
	VIT_RFB_PSEUDO_JPEG_FINE_QUALITY_HIGHEST = -412,
	VIT_RFB_PSEUDO_JPEG_SUBSAMPLING_LOWEST = -768,
	VIT_RFB_PSEUDO_JPEG_SUBSAMPLING_HIGHEST = -763,
	VIT_RFB_PSEUDO_EXTENDED_CLIPBOARD = (int)0xc0a1e5ce,
	VIT_RFB_PSEUDO_VMWARE_CURSOR = 0x574d5664,
	VIT_RFB_PSEUDO_VMWARE_CURSOR_POSITION = 0x574d5666,
	VIT_RFB_PSEUDO_VMWARE_LED_STATE = 0x574d5668,
} VitRfbPseudoEncoding;

/* ExtendedDesktopSize rectangles, rfbproto: who changed the size (x), and with what result (y). */
typedef enum VitRfbDesktopSizeReason {
	VIT_RFB_DESKTOP_SIZE_BY_SERVER = 0,
	VIT_RFB_DESKTOP_SIZE_BY_THIS_CLIENT = 1,
	VIT_RFB_DESKTOP_SIZE_BY_OTHER_CLIENT = 2,
} VitRfbDesktopSizeReason;

typedef enum VitRfbDesktopSizeResult {
	VIT_RFB_DESKTOP_SIZE_OK = 0,
	VIT_RFB_DESKTOP_SIZE_PROHIBITED = 1,
	VIT_RFB_DESKTOP_SIZE_OUT_OF_RESOURCES = 2,
	VIT_RFB_DESKTOP_SIZE_INVALID_LAYOUT = 3,
	VIT_RFB_DESKTOP_SIZE_REQUEST_FORWARDED = 4,
} VitRfbDesktopSizeResult;

/* With QEMU pointer motion change in relative mode, this coordinate means "not moved". */
#define VIT_RFB_RELATIVE_ORIGIN 0x7fff

/* Button mask bits of PointerEvent; the last only with ExtendedMouseButtons. */
typedef enum VitRfbButton {
	VIT_RFB_BUTTON_LEFT = 1 << 0,
	VIT_RFB_BUTTON_MIDDLE = 1 << 1,
	VIT_RFB_BUTTON_RIGHT = 1 << 2,
	VIT_RFB_BUTTON_WHEEL_UP = 1 << 3,
	VIT_RFB_BUTTON_WHEEL_DOWN = 1 << 4,
	VIT_RFB_BUTTON_WHEEL_LEFT = 1 << 5,
	VIT_RFB_BUTTON_WHEEL_RIGHT = 1 << 6,
	VIT_RFB_BUTTON_BACK = 1 << 7,
	VIT_RFB_BUTTON_FORWARD = 1 << 8,
} VitRfbButton;
