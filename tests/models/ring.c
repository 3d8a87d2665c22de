/* SPDX-License-Identifier: MIT */
/*
 * The ring of calls to a CPU: two CPUs put in two calls each, more than there are places, the
 * third takes them out. Each comes once, as it was put in, and those of one CPU in order.
 *
 * with: kernel/smp.c: RING_SIZE      16 -> RING_SIZE 2
 * plant: kernel/smp.c: slot->call = *call; smp_store_release(&slot->turn, turn + 1); ->
 *	smp_store_release(&slot->turn, turn + 1); slot->call = *call;
 * plant: kernel/smp.c: try_cmpxchg(&ring->next, &place, place + 1) -> (WRITE_ONCE(ring->next,
 *	place + 1), 1)
 * plant: kernel/smp.c: if (turn < turn_of(place)) return false; if (turn > turn_of(place)) -> if
 *	(0)
 * plant: kernel/smp.c: *call = slot->call; ring->first++; smp_store_release(&slot->turn, turn +
 *	1); -> smp_store_release(&slot->turn, turn + 1); *call = slot->call; ring->first++;
 */
#include <kernel/smp.c>
#include "model.h"

static struct call_ring ring;
static unsigned long seen[2];

static void put(unsigned long who)
{
	for (unsigned long i = 1; i <= 2; i++) {
		struct call call = { .func = (void *)(who + 1), .info = (void *)i };

		while (!ring_put(&ring, &call))
			cpu_relax();
	}
}

static void first(void)
{
	put(0);
}

static void second(void)
{
	put(1);
}

static void take(void)
{
	struct call call;

	for (unsigned int n = 0; n < 4; n++) {
		unsigned long who;

		while (!ring_get(&ring, &call))
			cpu_relax();
		who = (unsigned long)call.func - 1;
		MODEL_CHECK(who < 2);
		MODEL_CHECK((unsigned long)call.info == ++seen[who]);
	}
}

const struct model model = { .preemptions = 2, .delays = 1, .threads = { take, first, second } };
