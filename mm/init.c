// SPDX-License-Identifier: MIT
/*
 * The start of mm/: each part in turn, in the order in which they need one another.
 * quarry/port.h shows what a host does before.
 */
#include "internal.h"
#include "reclaim.h"

int quarry_init(void)
{
	int err = mmzone_init();

	if (!err)
		err = numa_init();
	if (!err)
		err = highmem_init();
	if (!err)
		err = section_init(); /* last: it counts what the others left */
	if (!err && !totalram_pages())
		err = -ENOMEM;
	if (!err)
		watermark_init(min_free_kbytes);
	return err;
}

int quarry_start(void)
{
	return kswapd_start();
}
