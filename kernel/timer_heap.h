/* SPDX-License-Identifier: MIT */
/* A heap of timers: the earliest at hand, any one taken out. See kernel/timer_heap.c. */
#ifndef KERNEL_TIMER_HEAP_H
#define KERNEL_TIMER_HEAP_H

#include <linux/hrtimer.h>

/* Each returns the new root: the earliest node, or NULL when the heap is empty. */
struct timer_node *timer_heap_add(struct timer_node *root, struct timer_node *node);
struct timer_node *timer_heap_del(struct timer_node *root, struct timer_node *node);

#endif
