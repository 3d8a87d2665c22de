/* SPDX-License-Identifier: MIT */
/* What mm/mempool.c offers to mm/ and to its white-box tests. */
#ifndef MM_MEMPOOL_H
#define MM_MEMPOOL_H

#include <linux/mempool.h>

/* mempool_poison.c: an element goes into a poisoned pool's reserve, or comes out of it. */
void mempool_poison(const mempool_t *pool, void *element, bool taken);
/* Are the reserves of pools made from now on poisoned? */
extern bool mempool_poison_new;

/* Checks one pool against its invariants; the number of violations, each reported. */
unsigned int mempool_validate(mempool_t *pool);
/* Pools made from now on have poisoned reserves, or not; returns what was before. */
bool mempool_set_poison(bool on);
/*
 * How many jiffies a sleeper waits before it asks the allocator again; returns what was before.
 * With MAX_SCHEDULE_TIMEOUT a wake-up that is lost is a sleep without end.
 */
long mempool_set_retry(long timeout);
/* How many threads sleep for an element. */
unsigned int mempool_nr_waiting(mempool_t *pool);

#endif
