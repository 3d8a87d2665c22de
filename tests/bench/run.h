/* SPDX-License-Identifier: MIT */
/* What a boot of Quarry asks of the benchmark. See bench.c. */
#ifndef TESTS_BENCH_RUN_H
#define TESTS_BENCH_RUN_H

#include <linux/types.h>

/* How many cycles it took from the kernel's entry until pages could be allocated. */
void bench_note_boot(u64 cycles);
/* Does the command line want the benchmark instead of the self-tests? */
bool bench_asked(void);
/* Runs what it wants; false when that could not be done. In a thread. */
bool bench_rows_run(void);
/* realtime.c: the row of that name, or all; its loops `repeat` times as long. In a thread. */
void bench_realtime(const char *name, unsigned long repeat);

#endif
