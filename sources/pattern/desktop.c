/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */

/*
 * The picture of the pattern source and the steps of its scripts. A picture that is too small for
 * its window is all text instead.
 */
#include "sources/pattern/desktop.h"

#include <glib.h>

#define DESKTOP_BAR_PX       32 /* height of the task bar */
#define DESKTOP_TITLE_PX     24 /* height of the window's title bar */
#define DESKTOP_GAP_PX       16 /* between the window and what is around it */
#define DESKTOP_LETTERS      2  /* typed in one step */
#define DESKTOP_BACKGROUND_1 0x1d4e6b
#define DESKTOP_BACKGROUND_2 0x0b1f2e
#define DESKTOP_BAR_COLOUR   0x20242a
#define DESKTOP_TITLE_COLOUR 0x3a6ea5 /* of head 0 */
#define DESKTOP_PAPER        0xfafafa
#define DESKTOP_INK          0x202020
#define DESKTOP_CARET        0xd03030

struct VitPatternDesktop {
	VitPatternCanvas canvas;
	VitRect text;          /* whole glyph cells */
	int32_t columns, rows; /* of the text */
	int32_t column, row;   /* of the caret */
	VitRect film;          /* half of the picture */
	uint32_t film_phase;
	uint32_t random; /* never 0 */
	bool has_stamp;  /* one was drawn */
	VitStamp stamp;
};

static uint32_t desktop_random(VitPatternDesktop *self)
{
	self->random ^= self->random << 13;
	self->random ^= self->random >> 17;
	self->random ^= self->random << 5;
	return self->random;
}

static uint32_t desktop_random_letter(VitPatternDesktop *self)
{
	uint32_t value = desktop_random(self) >> 8;

	return value % 6 == 0 ? 0 : value >> 3;
}

static void desktop_put(VitPatternDesktop *self, int32_t column, int32_t row,
			const VitPatternGlyph *glyph)
{
	vit_pattern_canvas_glyph(&self->canvas, self->text.x + column * VIT_PATTERN_GLYPH_WIDTH,
				 self->text.y + row * VIT_PATTERN_GLYPH_HEIGHT, glyph);
}

/* A row of words that ends somewhere in its second half. */
static void desktop_write_row(VitPatternDesktop *self, int32_t row)
{
	int32_t end =
		self->columns - (int32_t)(desktop_random(self) >> 8) % (self->columns / 2 + 1);

	for (int32_t column = 0; column < self->columns; column++) {
		VitPatternGlyph glyph = {
			.code = column < end ? desktop_random_letter(self) : 0,
			.foreground = DESKTOP_INK,
			.background = DESKTOP_PAPER,
		};

		desktop_put(self, column, row, &glyph);
	}
}

/* Places the text in the left half, below the stamp; over everything if there is no room. */
static VitRect desktop_place_text(const VitPatternCanvas *canvas)
{
	VitRect text = {
		.x = DESKTOP_GAP_PX,
		.y = VIT_STAMP_HEIGHT_PX + DESKTOP_GAP_PX + DESKTOP_TITLE_PX,
	};

	text.width = canvas->width / 2 - DESKTOP_GAP_PX - text.x;
	text.height = canvas->height - DESKTOP_BAR_PX - DESKTOP_GAP_PX - text.y;
	if (text.width < VIT_PATTERN_GLYPH_WIDTH || text.height < VIT_PATTERN_GLYPH_HEIGHT) {
		return (VitRect){0, 0, canvas->width, canvas->height};
	}
	text.width -= text.width % VIT_PATTERN_GLYPH_WIDTH;
	text.height -= text.height % VIT_PATTERN_GLYPH_HEIGHT;
	return text;
}

static void desktop_draw(VitPatternDesktop *self, unsigned number)
{
	VitPatternCanvas *canvas = &self->canvas;
	VitRect whole = {0, 0, canvas->width, canvas->height};
	VitRect bar = {0, canvas->height - DESKTOP_BAR_PX, canvas->width, DESKTOP_BAR_PX};
	VitRect title = {self->text.x, self->text.y - DESKTOP_TITLE_PX, self->text.width,
			 DESKTOP_TITLE_PX};
	uint32_t title_colour = (DESKTOP_TITLE_COLOUR + number * 0x305070) & 0xffffff;

	vit_pattern_canvas_gradient(canvas, whole, DESKTOP_BACKGROUND_1, DESKTOP_BACKGROUND_2);
	vit_pattern_canvas_fill(canvas, bar, DESKTOP_BAR_COLOUR);
	vit_pattern_canvas_fill(canvas, title, title_colour);
	for (int32_t row = 0; row < self->rows; row++) {
		desktop_write_row(self, row);
	}
}

VitPatternDesktop *vit_pattern_desktop_new(unsigned number, uint32_t width, uint32_t height)
{
	VitPatternDesktop *self = g_new0(VitPatternDesktop, 1);

	vit_pattern_canvas_init(&self->canvas, width, height);
	self->text = desktop_place_text(&self->canvas);
	self->columns = MAX(self->text.width / VIT_PATTERN_GLYPH_WIDTH, 1);
	self->rows = MAX(self->text.height / VIT_PATTERN_GLYPH_HEIGHT, 1);
	self->film = (VitRect){
		.x = (int32_t)width / 2,
		.width = (int32_t)width - (int32_t)width / 2,
		.height = (int32_t)height,
	};
	/* Odd, so it is never 0. */
	self->random = 0x9e3779b9 + 2 * number;
	desktop_draw(self, number);
	return self;
}

void vit_pattern_desktop_free(VitPatternDesktop *self)
{
	if (self) {
		vit_pattern_canvas_clear(&self->canvas);
		g_free(self);
	}
}

void vit_pattern_desktop_type(VitPatternDesktop *self)
{
	VitPatternGlyph caret = {.background = DESKTOP_CARET};

	for (unsigned i = 0; i < DESKTOP_LETTERS; i++) {
		VitPatternGlyph letter = {
			.code = desktop_random_letter(self),
			.foreground = DESKTOP_INK,
			.background = DESKTOP_PAPER,
		};

		desktop_put(self, self->column, self->row, &letter);
		self->column++;
		if (self->column == self->columns) {
			self->column = 0;
			self->row = (self->row + 1) % self->rows;
		}
	}
	desktop_put(self, self->column, self->row, &caret);
}

void vit_pattern_desktop_scroll(VitPatternDesktop *self)
{
	vit_pattern_canvas_scroll_up(&self->canvas, self->text, VIT_PATTERN_GLYPH_HEIGHT);
	desktop_write_row(self, self->rows - 1);
}

void vit_pattern_desktop_move(VitPatternDesktop *self)
{
	self->film_phase++;
	vit_pattern_canvas_plasma(&self->canvas, self->film, self->film_phase);
}

void vit_pattern_desktop_show_key(VitPatternDesktop *self, uint32_t code, bool down)
{
	const int32_t side = DESKTOP_BAR_PX - 8;
	VitRect block = {
		.x = 8 + (int32_t)(code % 16) * (side + 4),
		.y = self->canvas.height - DESKTOP_BAR_PX + 4,
		.width = side,
		.height = side,
	};
	/* Never as dark as the bar. */
	uint32_t colour = (code * 0x9e3779b1U >> 8 & 0x7f7f7f) | 0x808080;

	vit_pattern_canvas_fill(&self->canvas, block, down ? colour : DESKTOP_BAR_COLOUR);
}

void vit_pattern_desktop_stamp(VitPatternDesktop *self, const VitStamp *stamp)
{
	VitPatternCanvas *canvas = &self->canvas;

	if (canvas->width < VIT_STAMP_WIDTH_PX || canvas->height < VIT_STAMP_HEIGHT_PX) {
		return;
	}
	if (self->has_stamp) {
		vit_stamp_add_difference(&self->stamp, stamp, &canvas->damage);
	} else {
		(void)pixman_region32_union_rect(&canvas->damage, &canvas->damage, 0, 0,
						 VIT_STAMP_WIDTH_PX, VIT_STAMP_HEIGHT_PX);
	}
	vit_stamp_draw(canvas->pixels, (uint32_t)canvas->width * sizeof *canvas->pixels, 0, 0,
		       stamp);
	self->has_stamp = true;
	self->stamp = *stamp;
}

VitPatternCanvas *vit_pattern_desktop_get_canvas(VitPatternDesktop *self)
{
	return &self->canvas;
}
