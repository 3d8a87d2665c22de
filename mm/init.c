// SPDX-License-Identifier: MIT
/*
 * The start of mm/: each part in turn, in the order in which they need one another.
 * quarry/port.h shows what a host does before.
 */
#include "badmem.h"
#include "dma.h"
#include "reclaim.h"
#include "kfence.h"
#include "page_owner.h"
#include "pcp.h"
#include "section.h"
#include "vmap.h"

int quarry_init(void)
{
	int err = mmzone_init();

	if (!err)
		err = numa_init();
	if (!err)
		err = highmem_init();
	if (!err)
		memtest_run();	/* what nobody has yet */
	if (!err)
		err = slab_init();
	if (!err)
		err = page_owner_init();
	if (!err)
		err = vmap_init();
	if (!err)
		err = section_init(); /* last: it counts what the others left */
	if (!err && !totalram_pages())
		err = -ENOMEM;
	if (!err)
		err = vmap_init_spaces();
	vmap_limits_init();
	if (!err)
		watermark_init(min_free_kbytes);
	low_end_update();
	slab_debug_set(slab_debug_option);
	slab_order_init();
	if (!err)
		kmalloc_init();
	return err;
}

int quarry_cpu_add(unsigned int cpu)
{
	int err = percpu_add_cpu(cpu);

	if (!err)
		slab_add_cpu(cpu);
	return err;
}

int quarry_start(void)
{
	int err;

	pcp_start();
	dma_start();
	kswapd_start();
	kfence_start();
	err = vmap_start();
	return err ? err : slab_reclaim_start();
}

/* What waits for readers to look away. */
static void settle_rcu(void)
{
	if (rcu_pending())
		rcu_barrier();
}

void quarry_settle(void)
{
	settle_rcu();
	quarry_reap(true);
	vm_unmap_aliases();
	settle_rcu();	/* slabs and ranges that went back just now */
}

unsigned long quarry_kept_pages(void)
{
	return vmap_kept_pages() + quarry_percpu_pages() + quarry_slab_meta_pages() +
	       quarry_bad_pages() + depot_nr_pages() + section_hot_kept_pages() + pcp_late_pages();
}
