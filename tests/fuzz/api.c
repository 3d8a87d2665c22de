/* SPDX-License-Identifier: MIT */
/*
 * The public API as a language. The input begins with what caches and pools there are; the rest
 * is divided among one to three lanes, threads on a CPU each that run at once. An instruction is
 * two bytes, what and on which of the lane's slots, and what it reads then: an empty slot is
 * filled with an allocation of the kind that is named, a full one is looked at and freed.
 *
 * Slots hold pointers to objects. Lanes exchange theirs through a row of boxes, so what one
 * allocates another frees. A lane that is alone runs an instruction on another CPU now and then,
 * in a thread or in an interrupt there, has an allocation fail on purpose, or makes a mistake
 * that must be reported once. At the end all is freed: nothing may be missing, see driver.c.
 *
 * With one lane an input does the same each time; with more the CPUs decide.
 */
#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <quarry/quarry.h>
#include <mm/fault.h>

#include "api.h"

#define MAX_LANES 3
#define BOXES	  8
#define MAX_STEPS 200		/* of a lane */
#define MAX_FAULTS 40		/* arming is slow: all CPUs are asked */

enum { MODE_REMOTE = 0x40, MODE_INTERRUPT = 0x80, MODE_BOTH = 0xc0 };
enum { FIRST_WORD = 40, NR_CODES = 0x40 };	/* codes below are kinds of objects */

struct remote {
	struct work_struct work;
	struct api_lane *lane;
	u8 code;
};

static struct api_lane lanes[MAX_LANES];
static struct api_object objects[MAX_LANES][API_SLOTS], boxed[BOXES];
static struct api_object *boxes[BOXES];

static void exchange(struct api_lane *lane, struct api_object **slot)
{
	*slot = xchg(&boxes[fuzz_below(&lane->in, BOXES)], *slot);
}

typedef void (*api_word)(struct api_lane *lane, struct api_object *object);

static void drain(struct api_lane *lane, struct api_object *object)
{
	drain_all_pages(NULL);
}

static void reap(struct api_lane *lane, struct api_object *object)
{
	quarry_reap(true);
}

static void unmap_aliases(struct api_lane *lane, struct api_object *object)
{
	vm_unmap_aliases();
}

static void misuse(struct api_lane *lane, struct api_object *object)
{
	u8 way = fuzz_byte(&lane->in);

	if (!lane->alone || !object->kind || !object->kind->misuse)
		return;
	fuzz_expect_reports(1);
	object->kind->misuse(object, way);
}

static const struct api_kind *const kinds[] = {
	&api_pages, &api_low_pages, &api_exact, &api_bulk_pages, &api_kmapped, &api_kmalloc,
	&api_text, &api_cached, &api_bulk_objects, &api_vmalloc, &api_kvmalloc, &api_vmap,
	&api_map_ram, &api_ioremap, &api_memremap, &api_element, &api_coherent, &api_dmapool,
	&api_mapped, &api_mapped_page, &api_mapped_list, &api_devm, &api_piece, &api_percpu,
};

/* Codes from FIRST_WORD on; those beyond exchange. */
static const api_word words[] = {
	api_krealloc, api_resize_pool, api_shrink_cache, api_remake_cache, api_split,
	api_reference, api_copy, api_sync, api_pool_crowd, api_hotplug, api_hotplug, drain, reap,
	unmap_aliases, misuse, misuse,
};

/* What a call that was refused has left in the object is nothing to the next. */
static void take(struct api_lane *lane, const struct api_kind *kind, struct api_object *object)
{
	*object = (struct api_object){ };
	kind->take(lane, object);
}

static void step(struct api_lane *lane, u8 code)
{
	struct api_object **slot = &lane->slots[fuzz_below(&lane->in, API_SLOTS)];
	const struct api_kind *kind = kinds[code % ARRAY_SIZE(kinds)], *full = (*slot)->kind;
	bool other = code >= FIRST_WORD;

	if (lane->atomic && (other || !(full ? full->atomic_release : kind->atomic_take)))
		return;
	if (other && code - FIRST_WORD < (u8)ARRAY_SIZE(words))
		words[code - FIRST_WORD](lane, *slot);
	else if (other)
		exchange(lane, slot);
	else if (full)
		api_release(*slot);
	else
		take(lane, kind, *slot);
}

static void remote_thread(struct work_struct *work)
{
	struct remote *remote = container_of(work, struct remote, work);

	step(remote->lane, remote->code);
}

static void remote_interrupt(void *data)
{
	struct remote *remote = data;

	remote->lane->atomic = true;
	step(remote->lane, remote->code);
	remote->lane->atomic = false;
}

/* One of the allocations in there fails. */
static void step_with_fault(struct api_lane *lane, u8 code)
{
	struct fault_setup setup = { .sources = FAULT_ALL, .nth = 1 + fuzz_byte(&lane->in) % 16,
				     .task = current };
	unsigned long seen, failed;

	if (lane->faults++ >= MAX_FAULTS) {
		step(lane, code);
		return;
	}
	fault_begin(&setup);
	step(lane, code);
	fault_end(&seen, &failed);
}

static void step_in_mode(struct api_lane *lane, u8 op)
{
	struct remote remote = { .lane = lane, .code = op % NR_CODES };
	int cpu = (int)(1 + op % 7) % (int)num_online_cpus();

	switch (op & MODE_BOTH) {
	case MODE_REMOTE:
		INIT_WORK_ONSTACK(&remote.work, remote_thread);
		queue_work_on(cpu, system_wq, &remote.work);
		flush_work(&remote.work);
		destroy_work_on_stack(&remote.work);
		break;
	case MODE_INTERRUPT:
		smp_call_function_single(cpu, remote_interrupt, &remote, 1);
		break;
	case MODE_BOTH:
		step_with_fault(lane, remote.code);
		break;
	default:
		step(lane, remote.code);
	}
}

static void run_lane(struct api_lane *lane)
{
	for (unsigned int i = 0; i < MAX_STEPS && lane->in.size; i++) {
		u8 op = fuzz_byte(&lane->in);

		if (lane->alone)
			step_in_mode(lane, op);
		else
			step(lane, op % NR_CODES);
	}
}

static void lane_thread(struct work_struct *work)
{
	run_lane(&lanes[container_of(work, struct remote, work)->code]);
}

/* The first lane runs here, the others on the CPUs behind. */
static void run_lanes(unsigned int nr)
{
	struct remote others[MAX_LANES];
	unsigned int i;

	for (i = 1; i < nr; i++) {
		others[i].code = (u8)i;
		INIT_WORK_ONSTACK(&others[i].work, lane_thread);
		queue_work_on((int)(i % num_online_cpus()), system_wq, &others[i].work);
	}
	run_lane(&lanes[0]);
	for (i = 1; i < nr; i++) {
		flush_work(&others[i].work);
		destroy_work_on_stack(&others[i].work);
	}
}

static void divide(struct fuzz_input *in, unsigned int nr)
{
	size_t share = in->size / nr;

	for (unsigned int i = 0; i < nr; i++) {
		struct api_lane *lane = &lanes[i];

		*lane = (struct api_lane){ .in = { in->data + i * share, share },
					   .alone = nr == 1 };
		for (unsigned int slot = 0; slot < API_SLOTS; slot++)
			lane->slots[slot] = &objects[i][slot];
	}
	for (unsigned int i = 0; i < BOXES; i++)
		boxes[i] = &boxed[i];
}

static void make_sources(struct fuzz_input *in)
{
	api_slab_begin(in);
	api_pool_begin(in);
	api_dma_begin(in);
	api_device_begin(in);
}

static void end_sources(void)
{
	api_device_end();
	api_dma_end();
	api_pool_end();
	api_slab_end();
	api_hotplug_end();
}

FUZZ_TARGET(api, true)
{
	unsigned int nr = fuzz_below(in, 8);	/* one lane, most often */

	nr = nr >= 1 && nr < MAX_LANES ? nr + 1 : 1;
	make_sources(in);
	divide(in, nr);
	run_lanes(nr);
	for (unsigned int i = 0; i < MAX_LANES * API_SLOTS; i++)
		api_release(&objects[i / API_SLOTS][i % API_SLOTS]);
	for (unsigned int i = 0; i < BOXES; i++)
		api_release(&boxed[i]);
	end_sources();
}
