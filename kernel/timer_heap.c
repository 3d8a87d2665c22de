/* SPDX-License-Identifier: MIT */
/*
 * A pairing heap of timers, by the time they expire.
 *
 * A tree in which no child is earlier than its parent. A node's children are a list, linked
 * by `next`; `prev` is the sibling before, or the parent for the first of them. The root has
 * neither.
 *
 * Joining two trees makes the later root the first child of the other: one step. Taking out
 * a node leaves its children, which are joined in pairs from the left, and then these from
 * the right: n steps for n children, and log n on average over any series of operations.
 * Adding is one step, and finding the earliest none.
 *
 * Callers lock. Nothing here recurs, and nothing is allocated.
 */
#include <linux/kernel.h>
#include <kernel/timer_heap.h>

/* Two roots, either of which may be NULL. */
static struct timer_node *join(struct timer_node *a, struct timer_node *b)
{
	if (!a || !b)
		return a ? a : b;
	if (b->expires < a->expires)
		swap(a, b);
	b->next = a->child;
	if (b->next)
		b->next->prev = b;
	b->prev = a;
	a->child = b;
	return a;
}

/* Makes the first of a list of siblings a root, and returns the rest of the list. */
static struct timer_node *cut_first(struct timer_node *first)
{
	struct timer_node *rest = first->next;

	first->next = first->prev = NULL;
	return rest;
}

static struct timer_node *join_siblings(struct timer_node *list)
{
	struct timer_node *pairs = NULL, *root = NULL, *a, *b;

	while (list) {
		a = list;
		list = cut_first(a);
		b = list;
		if (b)
			list = cut_first(b);
		a = join(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		a = pairs;
		pairs = cut_first(a);
		root = join(root, a);
	}
	return root;
}

struct timer_node *timer_heap_add(struct timer_node *root, struct timer_node *node)
{
	node->child = node->next = node->prev = NULL;
	return join(root, node);
}

struct timer_node *timer_heap_del(struct timer_node *root, struct timer_node *node)
{
	struct timer_node *children = join_siblings(node->child);

	if (node == root)
		return children;
	if (node->prev->child == node)
		node->prev->child = node->next;
	else
		node->prev->next = node->next;
	if (node->next)
		node->next->prev = node->prev;
	return join(root, children);
}
