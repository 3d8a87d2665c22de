// SPDX-License-Identifier: MIT
/*
 * kswapd: one thread for each node with memory that frees ahead of need.
 *
 * A request that finds all its zones below *low* still is served, but wakes the threads of
 * these nodes. Each asks shrinkers, pass after pass and harder each time, until a zone that
 * such requests can use is above *high*, and sleeps again: so those who cannot sleep find
 * something, and the others need not reclaim themselves.
 *
 * Where nothing is left to shrink, working on would only burn the CPU: after MAX_FAILURES runs
 * that freed nothing a node's thread is not woken any more, until somebody's direct reclaim
 * has freed something or a new shrinker came.
 *
 * Whom it works for is `wanted`: the highest zone that those who woke it could use, plus one.
 * Wakers only ever raise it, without a lock; of two at once one may be lost, and comes again
 * with its next request. The thread sets it to 0 before it looks at the zones: what is short
 * after that sets it anew.
 *
 * A node for which there was no thread to be had does without: requests reclaim themselves.
 *
 * Contexts: waking is for any context but NMIs, outside zone->lock. Lock: the wait queue's.
 */
#include <linux/kthread.h>
#include <linux/wait.h>
#include "internal.h"
#include "reclaim.h"

#define MAX_FAILURES 16

/* Is there a zone above *high*, of those that a request with that highest zone could use? */
static bool node_balanced(int nid, enum zone_type highest)
{
	for (unsigned int idx = 0; idx <= highest; idx++) {
		const struct zone *zone = &nodes[nid]->zones[idx];

		if (READ_ONCE(zone->managed) && zone_watermark_ok(zone, 0, highest, WMARK_HIGH))
			return true;
	}
	return false;
}

/* Passes of rising priority until the node is balanced; false if nothing was freed. */
static bool balance_node(int nid, enum zone_type highest)
{
	unsigned long freed = 0;

	for (int priority = DEF_PRIORITY; priority >= 0; priority--) {
		if (node_balanced(nid, highest))
			return true;
		freed += shrink_node(nid, true, GFP_KERNEL, priority);
		cond_resched();
	}
	return freed;
}

static int kswapd(void *data)
{
	struct node *node = data;
	int nid = node->zones[0].nid;
	unsigned int wanted;

	current->flags |= PF_MEMALLOC | PF_KSWAPD;
	for (;;) {
		wait_event_idle(node->kswapd_wait, READ_ONCE(node->kswapd_wanted) ||
						   kthread_should_stop());
		if (kthread_should_stop())
			return 0;
		wanted = xchg(&node->kswapd_wanted, 0);
		while (!node_balanced(nid, wanted - 1)) {
			WRITE_ONCE(node->kswapd_runs, node->kswapd_runs + 1);
			if (!balance_node(nid, wanted - 1)) {
				/* Others clear it; that may be lost. */
				WRITE_ONCE(node->kswapd_failures,
					   READ_ONCE(node->kswapd_failures) + 1);
				break;
			}
			WRITE_ONCE(node->kswapd_failures, 0);
		}
	}
}

void wakeup_kswapd(const struct alloc_request *request)
{
	enum zone_type highest = gfp_zone(request->gfp);
	struct node *last = NULL;
	struct zone **zone;

	for_each_request_zone(zone, request) {
		struct node *node = nodes[(*zone)->nid];

		if (node == last)
			continue;
		last = node;
		if (!READ_ONCE(node->kswapd) || READ_ONCE(node->kswapd_failures) >= MAX_FAILURES ||
		    node_balanced((*zone)->nid, highest))
			continue;
		if (READ_ONCE(node->kswapd_wanted) <= highest)
			WRITE_ONCE(node->kswapd_wanted, highest + 1);
		if (wq_has_sleeper(&node->kswapd_wait))
			wake_up(&node->kswapd_wait);
	}
}

void kswapd_start(void)
{
	for (int nid = 0; nid < MAX_NUMNODES; nid++) {
		struct task_struct *task;

		if (!nodes[nid])
			continue;
		init_waitqueue_head(&nodes[nid]->kswapd_wait);
		task = kthread_create(kswapd, nodes[nid], "kswapd%d", nid);
		if (IS_ERR(task)) {
			pr_warn("kswapd%d: no memory for the thread\n", nid);
			continue;
		}
		/* Near its memory, if the node has CPUs. */
		set_cpus_allowed_ptr(task, cpumask_of_node(nid));
		wake_up_process(task);
		smp_store_release(&nodes[nid]->kswapd, task);
	}
}
