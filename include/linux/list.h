/* SPDX-License-Identifier: MIT */
/*
 * Doubly linked circular lists; the head is a node without an object. Callers lock; only
 * list_empty() may be asked without, when an answer that is old news will do.
 */
#ifndef _LINUX_LIST_H
#define _LINUX_LIST_H

#include <linux/kernel.h>
#include <linux/types.h>

#define LIST_HEAD_INIT(name) { &(name), &(name) }
#define LIST_HEAD(name) struct list_head name = LIST_HEAD_INIT(name)
#define LIST_POISON1 ((struct list_head *)0xdead000000000100UL)
#define LIST_POISON2 ((struct list_head *)0xdead000000000122UL)

static inline void INIT_LIST_HEAD(struct list_head *head)
{
	WRITE_ONCE(head->next, head);
	WRITE_ONCE(head->prev, head);
}

static inline void list_link(struct list_head *node, struct list_head *prev,
			     struct list_head *next)
{
	WRITE_ONCE(node->prev, prev);
	WRITE_ONCE(node->next, next);
	WRITE_ONCE(prev->next, node);
	WRITE_ONCE(next->prev, node);
}

static inline void list_add(struct list_head *node, struct list_head *head)
{
	list_link(node, head, head->next);
}

static inline void list_add_tail(struct list_head *node, struct list_head *head)
{
	list_link(node, head->prev, head);
}

static inline void list_unlink(struct list_head *node)
{
	WRITE_ONCE(node->prev->next, node->next);
	WRITE_ONCE(node->next->prev, node->prev);
}

static inline void list_del(struct list_head *node)
{
	list_unlink(node);
	node->next = LIST_POISON1;
	node->prev = LIST_POISON2;
}

static inline void list_del_init(struct list_head *node)
{
	list_unlink(node);
	INIT_LIST_HEAD(node);
}

static inline void list_move(struct list_head *node, struct list_head *head)
{
	list_unlink(node);
	list_add(node, head);
}

static inline bool list_empty(const struct list_head *head)
{
	return READ_ONCE(head->next) == head;
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)
#define list_first_entry(head, type, member) list_entry((head)->next, type, member)
#define list_last_entry(head, type, member) list_entry((head)->prev, type, member)
#define list_first_entry_or_null(head, type, member) \
	(list_empty(head) ? NULL : list_first_entry(head, type, member))
#define list_next_entry(pos, member) list_entry((pos)->member.next, __typeof__(*(pos)), member)
#define list_for_each(pos, head) \
	for (pos = (head)->next; pos != (head); pos = pos->next)
#define list_for_each_entry(pos, head, member) \
	for (pos = list_first_entry(head, __typeof__(*pos), member); \
	     &pos->member != (head); pos = list_next_entry(pos, member))
#define list_for_each_entry_safe(pos, n, head, member) \
	for (pos = list_first_entry(head, __typeof__(*pos), member), \
	     n = list_next_entry(pos, member); \
	     &pos->member != (head); pos = n, n = list_next_entry(n, member))

#endif
