/* SPDX-License-Identifier: MIT */
/* Choices, and all the ways to choose. */
#ifndef TESTS_MODELS_CHOICE_H
#define TESTS_MODELS_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

void choices_init(void);
/* A path begins. */
void choices_begin(void);
/* One of 0 to nr - 1. */
unsigned int choose(unsigned int nr);
/* The next path differs from this one; false when this was the last. */
bool choices_next(void);
/* `TAKENxTIMES.TAKENxTIMES…`, on the standard output; and the path to begin with, from that. */
void choices_print(void);
void choices_read(const char *text);
unsigned int choices_deepest(void);

/* Memory that lies outside the program's variables. */
void *memory_outside(size_t size);

#endif
