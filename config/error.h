/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>

/*
 * The one error domain of Vitrine. Callers branch on the code, people read the message: it says
 * what was tried, on which key, file or peer, and what to do about it.
 */
#define VIT_ERROR (vit_error_quark())

typedef enum VitError {
	VIT_ERROR_INVALID_ARGUMENT, /* the caller's own parameters make no sense together */
	VIT_ERROR_INVALID_METADATA, /* a peer described something that cannot be true */
	VIT_ERROR_UNSUPPORTED,      /* understood, but not something this build or machine can do */
	VIT_ERROR_BUSY,             /* not now; the same call may succeed later */
	VIT_ERROR_DISCONNECTED,     /* the peer, or a process of ours, went away */
	VIT_ERROR_TIMED_OUT,        /* a deadline passed */
	VIT_ERROR_CONFIG,           /* what the operator wrote cannot be used */
	VIT_ERROR_INTERNAL,         /* the system refused a resource we need */
} VitError;

GQuark vit_error_quark(void);
