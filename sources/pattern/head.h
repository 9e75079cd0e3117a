/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include "sources/pattern/pattern.h"

/*
 * VitPatternHead: one head of the pattern, which is a source and a sink in one object. It lives
 * until the machine, the source, the sink and every frame that is out have let go of it, in any
 * order. Everything on the loop.
 */
typedef struct VitPatternHead VitPatternHead;

/* Returns the machine's reference. @options are valid. */
VitPatternHead *vit_pattern_head_new(const VitPatternOptions *options, unsigned index);
void vit_pattern_head_unref(VitPatternHead *self);

/* Gives source and sink away; once. */
VitSource *vit_pattern_head_give_source(VitPatternHead *self);
VitInputSink *vit_pattern_head_give_sink(VitPatternHead *self);

void vit_pattern_head_stop(VitPatternHead *self);
VitPatternStats vit_pattern_head_get_stats(const VitPatternHead *self);
bool vit_pattern_head_take_input(VitPatternHead *self, VitInput *ret_input);
