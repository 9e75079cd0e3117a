/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#include "config/error.h"

G_DEFINE_QUARK(vit - error, vit_error)
