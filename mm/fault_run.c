// SPDX-License-Identifier: MIT
/*
 * Arming faults (fault.c): every request is made to take its allocator's slow path, where it is
 * asked whether it fails. The caches of pages are closed, the magazines of objects emptied; the
 * other way round when it ends. Both may sleep. Locks: those of what is called.
 */
#include "badmem.h"
#include "fault.h"

void fault_begin(const struct fault_setup *setup)
{
	pcp_close();
	fault_set(setup);	/* first: nothing fills a magazine any more */
	quarry_reap(true);
}

void fault_end(unsigned long *seen, unsigned long *failed)
{
	fault_clear(seen, failed);
	pcp_open();
}

void quarry_fault(unsigned long one_in, u64 seed)
{
	struct fault_setup setup = { .sources = FAULT_ALL, .one_in = one_in, .seed = seed };

	fault_begin(&setup);
}
