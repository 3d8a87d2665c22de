// SPDX-License-Identifier: MIT
/* The heap of timers, against a plain array. */
#include "kernel/timer_heap.h"
#include "tests/selftest.h"

#define NR 200

static struct timer_node nodes[NR];
static bool inside[NR];

/* Every node's place in the tree: children not earlier, links that fit. Returns how many. */
static unsigned int walk(const struct timer_node *node, const struct timer_node *prev)
{
	unsigned int n = 0;

	for (; node && n <= NR; prev = node, node = node->next) {
		CHECK(node->prev == prev);
		if (node->child)
			CHECK(node->child->expires >= node->expires);
		for (const struct timer_node *child = node->child; child; child = child->next)
			if (!CHECK(child->expires >= node->expires))
				return n;
		n += 1 + walk(node->child, node);
	}
	return n;
}

static u64 earliest(void)
{
	u64 first = ~0ULL;

	for (int i = 0; i < NR; i++)
		if (inside[i])
			first = min(first, nodes[i].expires);
	return first;
}

SELFTEST(timer_heap, empty_and_one)
{
	struct timer_node node = { .expires = 7 };
	struct timer_node *root = timer_heap_add(NULL, &node);

	CHECK(root == &node);
	CHECK(!timer_heap_del(root, &node));
}

SELFTEST(timer_heap, comes_out_in_order)
{
	struct timer_node *root = NULL;
	u64 last = 0;

	for (int i = 0; i < NR; i++) {
		nodes[i].expires = selftest_random_below(100);
		root = timer_heap_add(root, &nodes[i]);
	}
	for (int i = 0; i < NR; i++) {
		REQUIRE(root);
		CHECK(root->expires >= last);
		last = root->expires;
		root = timer_heap_del(root, root);
	}
	CHECK(!root);
}

SELFTEST(timer_heap, random_operations)
{
	struct timer_node *root = NULL;
	unsigned int nr = 0;

	memset(inside, 0, sizeof(inside));
	for (unsigned long n = 0; n < selftest_scaled(3000); n++) {
		unsigned long i = selftest_random_below(NR);

		if (inside[i]) {
			root = timer_heap_del(root, &nodes[i]);
			nr--;
		} else {
			nodes[i].expires = selftest_random_below(1000);
			root = timer_heap_add(root, &nodes[i]);
			nr++;
		}
		inside[i] = !inside[i];
		if (nr)
			CHECK_EQ(root->expires, earliest());
		if (n % 64 == 0)
			CHECK_EQ(walk(root, NULL), nr);
	}
}
