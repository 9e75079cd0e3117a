/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright 2026 The Vitrine authors */
#pragma once

#include <stdbool.h>

/*
 * Whether the fd is plain memory, in which no device lays out pixels in an order of its own: shared
 * memory, or a dmabuf over a guest's pages (udmabuf). A picture in it has its rows one after the
 * other, whatever modifier was not given. Thread: any.
 */
bool vit_memory_is_plain(int fd);
