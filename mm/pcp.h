/* SPDX-License-Identifier: MIT */
/* The caches of all CPUs as a whole: made, grown, closed. What one holds is in internal.h. */
#ifndef MM_PCP_H
#define MM_PCP_H

#include "internal.h"

/* ---- pcp_close.c: may sleep ---- */

/* From here to pcp_open() every free goes to its zone's lists. Nests. */
void pcp_close(void);
void pcp_open(void);
/*
 * Around a change of what this CPU's stacks may hold, interrupts off: they are open; then emptied
 * and closed again if all are.
 */
void pcp_open_to_change(void);
void pcp_close_changed(void);

/* ---- pcp_setup.c ---- */

/* Gives each CPU that is online its caches, as far as there is memory. Once, in a thread. */
void pcp_start(void);
/*
 * A zone is about to have so many pages more: memory for the caches that it lacks and can then
 * have, as far as there is some. pcp_fit() follows when it has them, and whenever it has lost some:
 * its caches become as large as it allows. One at a time, may sleep.
 */
void pcp_make_rooms(const struct zone *zone, unsigned long pages);
void pcp_fit(struct zone *zone);
/* Pages that went into that, ever. */
unsigned long pcp_late_pages(void);

#endif
