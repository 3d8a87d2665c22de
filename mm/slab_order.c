/* SPDX-License-Identifier: MIT */
/*
 * The order in which the objects of a slab come out.
 *
 * Who can make a user of the allocator allocate, and can write past the end of one object, would
 * like to know what lies behind it. If objects came in the order of their addresses, that would
 * be what was allocated last or next. So a run of objects, which goes from a slab to a magazine
 * under one lock, is shuffled on its way:
 *
 *	found in the slab, by address	0  1  2  3  4  5  6
 *	an order of 7, from 3 on	2  6  0  5  1  4  3	slots of the magazine
 *
 * Runs have 1 to SLAB_RUN_MAX objects. For each length there is one order, a permutation of its
 * slots, made once in each boot from what the host says nobody can foresee; it stands in the table
 * twice in a row, so that it can be begun anywhere: where, a generator of the node says, anew for
 * each run. So in one boot all runs of n objects have the same order but for where it begins,
 * and two objects taken one after the other are neighbours in one of n - 1 runs or so.
 *
 * Where there are no magazines, an object is taken alone: the first that is free from a random
 * place of its slab on.
 *
 * What this is not: who reads addresses of many objects learns the orders. Objects that were
 * freed come again in the order of magazines, the last first. Which slab serves is no secret:
 * slabs fill and become empty as they would without, to the object.
 *
 * Without a secret (quarry_options.random is 0), all orders are those of the addresses.
 *
 * Locks: none; the table is constant once there are caches, a node's generator is under its lock.
 * Costs: 2.2 KiB; some ten instructions a run, one or two an object.
 */
#include "slab.h"

u8 slab_orders[SLAB_ORDERS];
u64 slab_order_step;

/* Each bit of x decides about all of the result. */
static u64 mix(u64 x)
{
	x = (x ^ x >> 31) * 0x9e3779b97f4a7c15;
	x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9;
	return x ^ x >> 32;
}

/* A permutation of 0 to n - 1, all of them being equally likely, twice. */
static void fill_one(u8 *order, unsigned int n, u64 *random)
{
	for (unsigned int i = 0; i < n; i++) {
		unsigned int other = *random ? slab_random_below(random, i + 1) : i;

		order[i] = order[other];
		order[other] = (u8)i;
	}
	memcpy(order + n, order, n);
}

void slab_order_fill(u8 *orders, u64 secret)
{
	u64 random = secret ? mix(secret) | 1 : 0;

	for (unsigned int n = 1; n <= SLAB_RUN_MAX; n++)
		fill_one(orders + n * (n - 1), n, &random);
}

void slab_order_init(void)
{
	slab_order_step = slab_secret ? mix(mix(slab_secret)) | 1 : 0;
	slab_order_fill(slab_orders, slab_secret);
}

u64 slab_order_begin(const struct cache_node *node)
{
	return slab_secret ? mix(slab_secret + virt_to_phys(node)) : 0;
}
