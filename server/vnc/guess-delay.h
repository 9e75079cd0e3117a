/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <glib.h>
#include <stdint.h>

/*
 * VitGuessDelay: slows down who guesses passwords. Each wrong one from an origin (a machine, a
 * user) makes the next attempts from there wait longer, one after the other, and nobody else. Pure:
 * the caller brings the time. Thread: one at a time.
 */

#define VIT_GUESS_DELAY_MAX_ORIGINS 256
/* Who would have to wait longer than this is better sent away. */
#define VIT_GUESS_DELAY_MAX_WAIT_MS (30 * 1000)

typedef struct VitGuessDelay VitGuessDelay;

VitGuessDelay *vit_guess_delay_new(void);
/* NULL is allowed. */
void vit_guess_delay_free(VitGuessDelay *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VitGuessDelay, vit_guess_delay_free)

/*
 * Somebody connected. Returns the milliseconds until the handshake may begin, mostly 0; above
 * VIT_GUESS_DELAY_MAX_WAIT_MS nothing was reserved.
 */
unsigned vit_guess_delay_reserve(VitGuessDelay *self, const char *origin, int64_t now_us);
/* A wrong password. Returns for how many milliseconds to hold back the answer. */
unsigned vit_guess_delay_failed(VitGuessDelay *self, const char *origin, int64_t now_us);
/* The right one. */
void vit_guess_delay_succeeded(VitGuessDelay *self, const char *origin);
