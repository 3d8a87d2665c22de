/* SPDX-License-Identifier: MIT */
/* Lists that readers walk under rcu_read_lock() while a writer, who holds a lock, changes them. */
#ifndef _LINUX_RCULIST_H
#define _LINUX_RCULIST_H

#include <linux/list.h>
#include <linux/rcupdate.h>

/* Links a complete node: the store that makes it reachable is the last, and a release. */
static inline void list_link_rcu(struct list_head *node, struct list_head *prev,
				 struct list_head *next)
{
	WRITE_ONCE(node->next, next);
	WRITE_ONCE(node->prev, prev);
	smp_store_release(&prev->next, node);	/* pairs with list_next_rcu() */
	WRITE_ONCE(next->prev, node);
}

static inline void list_add_rcu(struct list_head *node, struct list_head *head)
{
	list_link_rcu(node, head, head->next);
}

static inline void list_add_tail_rcu(struct list_head *node, struct list_head *head)
{
	list_link_rcu(node, head->prev, head);
}

/* Readers at the node still find their way on; it is freed after a grace period. */
static inline void list_del_rcu(struct list_head *node)
{
	list_unlink(node);
	node->prev = LIST_POISON2;
}

static inline void list_replace_rcu(struct list_head *old, struct list_head *node)
{
	list_link_rcu(node, old->prev, old->next);
	old->prev = LIST_POISON2;
}

#define list_next_rcu(node) smp_load_acquire(&(node)->next)	/* pairs with list_link_rcu() */
#define list_entry_rcu(ptr, type, member) list_entry(ptr, type, member)
#define list_for_each_entry_rcu(pos, head, member, ...) \
	for (pos = list_entry(list_next_rcu(head), __typeof__(*pos), member); \
	     &pos->member != (head); \
	     pos = list_entry(list_next_rcu(&pos->member), __typeof__(*pos), member))

#endif
