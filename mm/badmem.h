/* SPDX-License-Identifier: MIT */
/* Memory that is bad: found at the boot, or later. */
#ifndef MM_BADMEM_H
#define MM_BADMEM_H

#include <linux/mutex.h>
#include "internal.h"

/* ---- memtest.c ---- */

void memtest_run(void);
/* Was memory tested at the boot, and how many pages were found bad? */
bool memtest_was_run(unsigned long *bad_pages);
/* Writes the pattern to mapped memory; phys and size are multiples of 8. */
void memtest_fill(void *virt, phys_addr_t phys, size_t size, u64 pattern);
/* Where the first word lies that holds something else; size when there is none. */
size_t memtest_find_wrong(const void *virt, phys_addr_t phys, size_t size, u64 pattern);
void memtest_plant_no_more(void);

/* ---- memory_failure.c ---- */

unsigned int memory_failure_validate(void);

/* Memory goes with it held: meanwhile no page breaks, and none that is broken is put back. */
extern struct mutex failure_mutex;
/* These pages are no zone's any more, and those that are broken are gone. Caller holds it. */
void memory_failure_forget(unsigned long pfn, unsigned long nr);

#endif
