// SPDX-License-Identifier: MIT
/*
 * Memory for the descriptions of ranges (struct vmap_area), for vmap.c.
 *
 * A page holds a header and NODES descriptions. Pages with spare ones are in a list; a page all
 * of whose descriptions are spare goes back, if RESERVE others are left. It goes back only after
 * every reader has looked away (call_rcu()): an old pointer, as a caller's mistake may have the
 * index yield, is safe to look at for a reader of RCU.
 *
 * Taking one must not fail in the midst of cutting a range, nor sleep under a lock: so spare ones
 * are gathered before (vmap_nodes_add()).
 *
 * Invariant: nr_spare is the sum of nr_free over the pages in the list, and they are those with
 * nr_free above 0.
 * Locks: none; callers hold vmap_lock, but for vmap_nodes_page_*(), which touch no list.
 */
#include <linux/list.h>
#include <linux/rcupdate.h>
#include "page_owner.h"
#include "vmap.h"

struct node_page {
	struct list_head list;		/* while nr_free is above 0 */
	struct vmap_area *free;		/* chain by ->left */
	unsigned int nr_free;
	struct rcu_head rcu;
};

#define NODES	((PAGE_SIZE - sizeof(struct node_page)) / sizeof(struct vmap_area))
#define RESERVE 8

static LIST_HEAD(spare_pages);
static unsigned long nr_spare;
static atomic_long_t nr_pages, nr_leaving;

static struct node_page *page_of(struct vmap_area *node)
{
	return (struct node_page *)((unsigned long)node & PAGE_MASK);
}

unsigned long vmap_nodes_spare(void)
{
	return nr_spare;
}

void *vmap_nodes_page_alloc(void)
{
	void *page = (void *)get_zeroed_page(GFP_KERNEL);

	if (!page)
		return NULL;
	atomic_long_inc(&nr_pages);
	page_owner_keep(virt_to_page(page), false);
	return page;
}

static void page_free(struct rcu_head *rcu)
{
	free_page((unsigned long)container_of(rcu, struct node_page, rcu));
	atomic_long_dec(&nr_pages);
	atomic_long_dec(&nr_leaving);
}

void vmap_nodes_wait(void)
{
	if (atomic_long_read(&nr_leaving))
		rcu_barrier();
}

void vmap_nodes_add(void *memory)
{
	struct node_page *page = memory;
	struct vmap_area *nodes = (struct vmap_area *)(page + 1);

	for (unsigned int i = 0; i < NODES; i++) {
		nodes[i].left = page->free;
		page->free = &nodes[i];
	}
	page->nr_free = NODES;
	nr_spare += NODES;
	list_add(&page->list, &spare_pages);
}

struct vmap_area *vmap_node_get(void)
{
	struct node_page *page = list_first_entry(&spare_pages, struct node_page, list);
	struct vmap_area *node = page->free;

	page->free = node->left;
	nr_spare--;
	if (!--page->nr_free)
		list_del(&page->list);
	return node;
}

void vmap_node_put(struct vmap_area *node)
{
	struct node_page *page = page_of(node);

	node->state = VMAP_NODE;
	node->left = page->free;
	page->free = node;
	nr_spare++;
	if (!page->nr_free++)
		list_add_tail(&page->list, &spare_pages);
	if (page->nr_free < NODES || nr_spare < NODES + RESERVE)
		return;
	list_del(&page->list);
	nr_spare -= NODES;
	atomic_long_inc(&nr_leaving);
	call_rcu(&page->rcu, page_free);
}

unsigned long vmap_nodes_pages(void)
{
	return (unsigned long)atomic_long_read(&nr_pages);
}
