/* SPDX-License-Identifier: MIT */
/* Between hooks.c, which sees the accesses, and explore.c, which orders them. */
#ifndef TESTS_MODELS_EXPLORE_H
#define TESTS_MODELS_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>

/* A plain access is about to happen: the compiler's next instruction does it. */
void explore_plain(void *addr, size_t size, bool write, void *pc);
/* An atomic one: the caller does it in between, on what explore_value() says. */
void explore_atomic(void *addr, size_t size, const char *what, void *pc);
/* What the running thread reads there: memory, or what its own store buffer holds. */
void explore_load(void *addr, void *value, size_t size);
/* A store that may stay in the buffer for a while. */
void explore_store(void *addr, const void *value, size_t size);
/* A full barrier: the buffer is empty afterwards. */
void explore_fence(void);

#endif
