/* SPDX-License-Identifier: MIT */
/* The last test of a run: nothing is left of it. See leaks.c. */
#ifndef KERNEL_LEAKS_H
#define KERNEL_LEAKS_H

#include <tests/selftest.h>

/* Before the first case: counts what there is. */
void leaks_begin(void);
extern const struct selftest leaks_test;

#endif
