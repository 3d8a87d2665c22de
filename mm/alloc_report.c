// SPDX-License-Identifier: MIT
/*
 * The failure report: why a request got nothing, in one block as Linux prints it:
 *
 *	test: page allocation failure: order:0, mode:0xcc0(GFP_KERNEL), nodemask=(null)
 *	CPU: 1 PID: 12 Comm: test
 *	Call Trace:
 *	...
 *	Node 0 DMA     free:...
 *
 * Not under __GFP_NOWARN. Where memory is short failures come in crowds, and a log full of them
 * hides the first: at most REPORT_BURST in REPORT_INTERVAL ticks are printed, the others
 * counted, and their number is printed with the next.
 *
 * Lock: limit_lock, a leaf, not held while anything is printed. Any context but NMIs.
 */
#include <linux/jiffies.h>
#include <linux/sched.h>
#include "internal.h"
#include "reclaim.h"

static struct report_limit limit;
static DEFINE_SPINLOCK(limit_lock);

static const struct { gfp_t bits; const char *name; } gfp_names[] = {
	{ GFP_HIGHUSER_MOVABLE, "GFP_HIGHUSER_MOVABLE" }, { GFP_HIGHUSER, "GFP_HIGHUSER" },
	{ GFP_USER, "GFP_USER" }, { GFP_KERNEL, "GFP_KERNEL" }, { GFP_NOFS, "GFP_NOFS" },
	{ GFP_ATOMIC, "GFP_ATOMIC" }, { GFP_NOIO, "GFP_NOIO" },
	{ __GFP_DIRECT_RECLAIM, "__GFP_DIRECT_RECLAIM" }, { GFP_NOWAIT, "GFP_NOWAIT" },
	{ __GFP_DMA, "GFP_DMA" }, { __GFP_HIGHMEM, "__GFP_HIGHMEM" }, { __GFP_DMA32, "GFP_DMA32" },
	{ __GFP_MOVABLE, "__GFP_MOVABLE" }, { __GFP_RECLAIMABLE, "__GFP_RECLAIMABLE" },
	{ __GFP_HIGH, "__GFP_HIGH" }, { __GFP_IO, "__GFP_IO" }, { __GFP_FS, "__GFP_FS" },
	{ __GFP_ZERO, "__GFP_ZERO" }, { __GFP_WRITE, "__GFP_WRITE" },
	{ __GFP_NOWARN, "__GFP_NOWARN" }, { __GFP_RETRY_MAYFAIL, "__GFP_RETRY_MAYFAIL" },
	{ __GFP_NOFAIL, "__GFP_NOFAIL" }, { __GFP_NORETRY, "__GFP_NORETRY" },
	{ __GFP_MEMALLOC, "__GFP_MEMALLOC" }, { __GFP_COMP, "__GFP_COMP" },
	{ __GFP_NOMEMALLOC, "__GFP_NOMEMALLOC" }, { __GFP_HARDWALL, "__GFP_HARDWALL" },
	{ __GFP_THISNODE, "__GFP_THISNODE" }, { __GFP_ACCOUNT, "__GFP_ACCOUNT" },
	{ __GFP_COLD, "__GFP_COLD" },
};

/* Names of the flags, largest combinations first, joined by `|`. */
static void print_flags(gfp_t gfp, char *buf, size_t size)
{
	int len = scnprintf(buf, size, gfp ? "" : "0");

	for (unsigned int i = 0; i < ARRAY_SIZE(gfp_names); i++) {
		if ((gfp & gfp_names[i].bits) != gfp_names[i].bits)
			continue;
		len += scnprintf(buf + len, size - len, "%s%s", len ? "|" : "", gfp_names[i].name);
		gfp &= ~gfp_names[i].bits;
	}
}

/* "0,2-3", or "(null)" for all. */
static void print_nodes(const nodemask_t *nodes, char *buf, size_t size)
{
	int len = scnprintf(buf, size, nodes ? "" : "(null)");

	for (int nid = 0; nodes && nid < MAX_NUMNODES; nid++) {
		int last = nid;

		if (!node_isset(nid, *nodes))
			continue;
		while (last + 1 < MAX_NUMNODES && node_isset(last + 1, *nodes))
			last++;
		len += scnprintf(buf + len, size - len, "%s%d", len ? "," : "", nid);
		if (last > nid)
			len += scnprintf(buf + len, size - len, "-%d", last);
		nid = last;
	}
}

bool report_limit_allows(struct report_limit *limit, unsigned long now, unsigned int *missed)
{
	bool allows;

	if (!limit->printed || time_after_eq(now, limit->begin + REPORT_INTERVAL)) {
		limit->begin = now;
		limit->printed = 0;
	}
	allows = limit->printed < REPORT_BURST;
	*missed = limit->missed;
	limit->missed = allows ? 0 : limit->missed + 1;
	limit->printed += allows;
	return allows;
}

static bool allowed_now(unsigned int *missed)
{
	unsigned long flags;
	bool allowed;

	spin_lock_irqsave(&limit_lock, flags);
	allowed = report_limit_allows(&limit, jiffies, missed);
	spin_unlock_irqrestore(&limit_lock, flags);
	return allowed;
}

void alloc_report_reset(void)
{
	unsigned long flags;

	spin_lock_irqsave(&limit_lock, flags);
	memset(&limit, 0, sizeof(limit));
	spin_unlock_irqrestore(&limit_lock, flags);
}

void report_alloc_failure(gfp_t gfp, unsigned int order, const nodemask_t *mask)
{
	char flags[160], where[64];
	unsigned int missed;

	if ((gfp & __GFP_NOWARN) || !allowed_now(&missed))
		return;
	if (missed)
		pr_warn("page allocation failure: %u reports suppressed\n", missed);
	print_flags(gfp, flags, sizeof(flags));
	print_nodes(mask, where, sizeof(where));
	pr_warn("%s: page allocation failure: order:%u, mode:%#x(%s), nodemask=%s\n",
		current->comm, order, gfp, flags, where);
	pr_warn("CPU: %u PID: %d Comm: %s\n", raw_smp_processor_id(), current->pid,
		current->comm);
	dump_stack();
	show_mem();
}
