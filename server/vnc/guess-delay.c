/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "server/vnc/guess-delay.h"

#define FIRST_DELAY_MS   500
#define LONGEST_DELAY_MS (16 * 1000)
#define FORGET_AFTER_US  (10 * 60 * G_USEC_PER_SEC)

typedef struct VitGuesser {
	unsigned delay_ms;
	int64_t last_us; /* of the last wrong password */
	int64_t next_us; /* when the next attempt may begin */
} VitGuesser;

struct VitGuessDelay {
	GHashTable *guessers; /* by origin */
};

VitGuessDelay *vit_guess_delay_new(void)
{
	VitGuessDelay *self = g_new0(VitGuessDelay, 1);

	self->guessers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return self;
}

void vit_guess_delay_free(VitGuessDelay *self)
{
	if (self) {
		g_hash_table_unref(self->guessers);
		g_free(self);
	}
}

/* Removes who has been quiet for long, and if that does not help who has been so the longest. */
static void guess_delay_make_room(VitGuessDelay *self, int64_t now_us)
{
	GHashTableIter iterator;
	void *origin, *value;
	const char *oldest = NULL;
	int64_t oldest_us = G_MAXINT64;

	g_hash_table_iter_init(&iterator, self->guessers);
	while (g_hash_table_iter_next(&iterator, &origin, &value)) {
		const VitGuesser *guesser = value;

		if (now_us - guesser->last_us > FORGET_AFTER_US) {
			g_hash_table_iter_remove(&iterator);
		} else if (guesser->last_us < oldest_us) {
			oldest_us = guesser->last_us;
			oldest = origin;
		}
	}
	if (g_hash_table_size(self->guessers) >= VIT_GUESS_DELAY_MAX_ORIGINS) {
		g_hash_table_remove(self->guessers, oldest);
	}
}

static VitGuesser *guess_delay_find(VitGuessDelay *self, const char *origin, int64_t now_us)
{
	VitGuesser *guesser = g_hash_table_lookup(self->guessers, origin);

	if (guesser && now_us - guesser->last_us > FORGET_AFTER_US) {
		g_hash_table_remove(self->guessers, origin);
		return NULL;
	}
	return guesser;
}

/* Milliseconds, rounded up. */
static unsigned wait_ms(int64_t from_us, int64_t until_us)
{
	return until_us > from_us ? (unsigned)((until_us - from_us + 999) / 1000) : 0;
}

unsigned vit_guess_delay_reserve(VitGuessDelay *self, const char *origin, int64_t now_us)
{
	VitGuesser *guesser = guess_delay_find(self, origin, now_us);
	unsigned wait;

	if (!guesser) {
		return 0;
	}
	wait = wait_ms(now_us, guesser->next_us);
	if (wait <= VIT_GUESS_DELAY_MAX_WAIT_MS) {
		guesser->next_us = MAX(guesser->next_us, now_us) + guesser->delay_ms * 1000LL;
	}
	return wait;
}

unsigned vit_guess_delay_failed(VitGuessDelay *self, const char *origin, int64_t now_us)
{
	VitGuesser *guesser = guess_delay_find(self, origin, now_us);

	if (!guesser) {
		guess_delay_make_room(self, now_us);
		guesser = g_new0(VitGuesser, 1);
		g_hash_table_insert(self->guessers, g_strdup(origin), guesser);
	}
	guesser->delay_ms =
		guesser->delay_ms ? MIN(guesser->delay_ms * 2, LONGEST_DELAY_MS) : FIRST_DELAY_MS;
	guesser->last_us = now_us;
	guesser->next_us = MAX(guesser->next_us, now_us + guesser->delay_ms * 1000LL);
	return guesser->delay_ms;
}

void vit_guess_delay_succeeded(VitGuessDelay *self, const char *origin)
{
	g_hash_table_remove(self->guessers, origin);
}
