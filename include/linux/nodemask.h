/* SPDX-License-Identifier: MIT */
/*
 * Sets of NUMA nodes, and which nodes there are. Setting and clearing one node is atomic;
 * whole-set operations are not. Iteration follows the numbers.
 */
#ifndef _LINUX_NODEMASK_H
#define _LINUX_NODEMASK_H

#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/numa.h>
#include <linux/types.h>

typedef struct { unsigned long bits[1]; } nodemask_t;	/* 64 nodes at most: one word */

#define NODE_MASK_WORD (~0UL >> (BITS_PER_LONG - MAX_NUMNODES))
#define NODE_MASK_NONE ((nodemask_t){ { 0 } })
#define NODE_MASK_ALL  ((nodemask_t){ { NODE_MASK_WORD } })
#define nodemask_of_node(nid) ((nodemask_t){ { BIT(nid) } })

/* Masks are named, not pointed to, as in Linux. */
#define node_set(nid, mask) \
	((void)__atomic_fetch_or(&(mask).bits[0], BIT(nid), __ATOMIC_SEQ_CST))
#define node_clear(nid, mask) \
	((void)__atomic_fetch_and(&(mask).bits[0], ~BIT(nid), __ATOMIC_SEQ_CST))
#define node_test_and_set(nid, mask) \
	(!!(__atomic_fetch_or(&(mask).bits[0], BIT(nid), __ATOMIC_SEQ_CST) & BIT(nid)))
#define node_isset(nid, mask) (!!(__nodes_word(&(mask)) & BIT(nid)))

#define nodes_clear(mask)  ((void)((mask) = NODE_MASK_NONE))
#define nodes_setall(mask) ((void)((mask) = NODE_MASK_ALL))
#define nodes_and(to, a, b)    ((void)((to).bits[0] = __nodes_word(&(a)) & __nodes_word(&(b))))
#define nodes_or(to, a, b)     ((void)((to).bits[0] = __nodes_word(&(a)) | __nodes_word(&(b))))
#define nodes_xor(to, a, b)    ((void)((to).bits[0] = __nodes_word(&(a)) ^ __nodes_word(&(b))))
#define nodes_andnot(to, a, b) ((void)((to).bits[0] = __nodes_word(&(a)) & ~__nodes_word(&(b))))
#define nodes_complement(to, a) ((void)((to).bits[0] = ~__nodes_word(&(a)) & NODE_MASK_WORD))
#define nodes_equal(a, b)      (__nodes_word(&(a)) == __nodes_word(&(b)))
#define nodes_intersects(a, b) (!!(__nodes_word(&(a)) & __nodes_word(&(b))))
#define nodes_subset(a, b)     (!(__nodes_word(&(a)) & ~__nodes_word(&(b))))
#define nodes_empty(mask)      (!__nodes_word(&(mask)))
#define nodes_full(mask)       (__nodes_word(&(mask)) == NODE_MASK_WORD)
#define nodes_weight(mask)     __nodes_weight(&(mask))

/* The first node of a mask, the first above nid; MAX_NUMNODES when there is none. */
#define first_node(mask)     __next_node(-1, &(mask))
#define next_node(nid, mask) __next_node(nid, &(mask))
/* The same, going round: MAX_NUMNODES for an empty mask only. */
#define next_node_in(nid, mask) __next_node_in(nid, &(mask))

#define for_each_node_mask(nid, mask) \
	for ((nid) = first_node(mask); (nid) < MAX_NUMNODES; (nid) = next_node(nid, mask))

static inline unsigned long __nodes_word(const nodemask_t *mask)
{
	return __atomic_load_n(&mask->bits[0], __ATOMIC_RELAXED);
}

static inline int __nodes_weight(const nodemask_t *mask)
{
	unsigned long word = __nodes_word(mask);

	return (int)(hweight32((u32)word) + hweight32((u32)(word >> 32)));
}

static inline int __next_node(int nid, const nodemask_t *mask)
{
	unsigned long word;

	if (nid >= MAX_NUMNODES - 1)
		return MAX_NUMNODES;
	word = __nodes_word(mask) & NODE_MASK_WORD & (~0UL << (nid + 1));
	return word ? (int)__ffs(word) : MAX_NUMNODES;
}

static inline int __next_node_in(int nid, const nodemask_t *mask)
{
	int next = __next_node(nid, mask);

	return next < MAX_NUMNODES ? next : __next_node(-1, mask);
}

/* ---- Which nodes there are ---- */

enum node_states {
	N_POSSIBLE,		/* the host has told of it */
	N_ONLINE,		/* has memory, or a CPU that was started */
	N_NORMAL_MEMORY,	/* has memory in the direct map */
	N_HIGH_MEMORY,		/* has memory of any kind */
	N_MEMORY = N_HIGH_MEMORY,
	N_CPU,			/* has a CPU that was started */
	NR_NODE_STATES
};

/* Constant after the boot, but for N_ONLINE and N_CPU, which grow while CPUs are started. */
extern nodemask_t node_states[NR_NODE_STATES];
/* One more than the highest possible node. */
extern unsigned int nr_node_ids;

/* False for numbers out of range. */
static inline bool node_state(int nid, enum node_states state)
{
	return nid >= 0 && nid < MAX_NUMNODES && node_isset(nid, node_states[state]);
}

#define node_online_map	  node_states[N_ONLINE]
#define node_possible_map node_states[N_POSSIBLE]
#define node_online(nid)   node_state(nid, N_ONLINE)
#define node_possible(nid) node_state(nid, N_POSSIBLE)
#define num_node_state(state) nodes_weight(node_states[state])
#define num_online_nodes()    num_node_state(N_ONLINE)
#define num_possible_nodes()  num_node_state(N_POSSIBLE)
#define nr_online_nodes	      ((unsigned int)num_online_nodes())
#define first_online_node     first_node(node_states[N_ONLINE])
#define first_memory_node     first_node(node_states[N_MEMORY])
#define next_online_node(nid) next_node(nid, node_states[N_ONLINE])
#define next_memory_node(nid) next_node(nid, node_states[N_MEMORY])

#define for_each_node_state(nid, state) for_each_node_mask(nid, node_states[state])
#define for_each_node(nid)	  for_each_node_state(nid, N_POSSIBLE)
#define for_each_online_node(nid) for_each_node_state(nid, N_ONLINE)

/* The same by the names used here. */
#define node_has_memory(nid) node_state(nid, N_MEMORY)
#define for_each_node_with_memory(nid) for_each_node_state(nid, N_MEMORY)

#endif
