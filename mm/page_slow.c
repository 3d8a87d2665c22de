// SPDX-License-Identifier: MIT
/*
 * What happens when no zone can serve a request at once: the failure report.
 *
 * Locks: none.
 */
#include "internal.h"

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

void report_alloc_failure(gfp_t gfp, unsigned int order, const nodemask_t *mask)
{
	char flags[160], where[24] = "(null)";

	if (gfp & __GFP_NOWARN)
		return;
	print_flags(gfp, flags, sizeof(flags));
	if (mask)
		snprintf(where, sizeof(where), "%#lx", mask->bits[0]);
	pr_warn("page allocation failure: order:%u, mode:%#x(%s), nodemask=%s\n", order, gfp,
		flags, where);
	dump_stack();
	show_mem();
}

struct page *alloc_pages_slow(const struct alloc_request *req)
{
	report_alloc_failure(req->gfp, req->order, req->nodes);
	return NULL;
}
