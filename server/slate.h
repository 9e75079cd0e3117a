/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "sources/buffer.h"

/*
 * The picture that a viewer sees while the guest has none to show: a title and a sentence that says
 * why. @title and @detail are ASCII; other characters become '?'. What does not fit is cut.
 * Returns a new buffer of this size. Errors: INVALID_METADATA (size), INTERNAL (no memory).
 * Thread: loop.
 */
VitBuffer *vit_slate_new(uint32_t width, uint32_t height, const char *title, const char *detail,
			 GError **error);
