// SPDX-License-Identifier: MIT
/* Per-CPU data. */
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <quarry/port.h>
#include <quarry/quarry.h>
#include "tests/threads.h"

struct mixed {
	u8 byte;
	u64 quad;
} __aligned(64);

static DEFINE_PER_CPU(unsigned int, seeded) = 0x5eed;
static DEFINE_PER_CPU(u64, wide);
static DEFINE_PER_CPU(u16, narrow);
static DEFINE_PER_CPU(bool, flag);
static DEFINE_PER_CPU(struct mixed, mixed) = { .byte = 3, .quad = 4 };

SELFTEST(percpu, operations)
{
	preempt_disable();
	this_cpu_write(wide, 40);
	this_cpu_add(wide, 5);
	this_cpu_sub(wide, 3);
	this_cpu_inc(wide);
	this_cpu_dec(wide);
	CHECK_EQ(this_cpu_read(wide), 42);
	CHECK_EQ(this_cpu_add_return(wide, 8), 50);
	CHECK_EQ(this_cpu_inc_return(wide), 51);
	CHECK_EQ(this_cpu_dec_return(wide), 50);
	this_cpu_or(wide, 5);
	this_cpu_and(wide, 0xf);
	CHECK_EQ(this_cpu_read(wide), 7);
	CHECK_EQ(this_cpu_xchg(wide, 9), 7);
	CHECK_EQ(this_cpu_cmpxchg(wide, 8, 1), 9);
	CHECK_EQ(this_cpu_cmpxchg(wide, 9, 1), 9);
	CHECK_EQ(this_cpu_read(wide), 1);
	this_cpu_write(narrow, 0xffff);
	this_cpu_inc(narrow);
	CHECK_EQ(this_cpu_read(narrow), 0);
	this_cpu_write(flag, true);
	CHECK_EQ(this_cpu_xchg(flag, false), true);
	preempt_enable();
}

SELFTEST(percpu, pointers_and_operations_agree)
{
	u64 *mine = &get_cpu_var(wide);

	this_cpu_write(wide, 77);
	CHECK_EQ(READ_ONCE(*mine), 77);
	*mine = 78;
	barrier();
	CHECK_EQ(this_cpu_read(wide), 78);
	CHECK(this_cpu_ptr(&wide) == mine);
	CHECK(per_cpu_ptr(&wide, smp_processor_id()) == mine);
	CHECK_EQ(preempt_count(), PREEMPT_ONE);
	put_cpu_var(wide);
	CHECK_EQ(get_cpu(), port_cpu());
	put_cpu();
	CHECK_EQ(preempt_count(), 0);
}

/* Each copy starts as the section was when the boot began, whatever CPU 0's holds by now. */
SELFTEST(percpu, each_cpu_has_a_copy_of_its_own)
{
	unsigned int cpu, other;

	for_each_possible_cpu(cpu) {
		CHECK_EQ(per_cpu(seeded, cpu), 0x5eed);
		CHECK_EQ(per_cpu(mixed, cpu).byte, 3);
		CHECK_EQ(per_cpu(mixed, cpu).quad, 4);
		CHECK_EQ((unsigned long)per_cpu_ptr(&mixed, cpu) % 64, 0);
		CHECK_EQ(per_cpu(cpu_number, cpu), cpu);
		CHECK_EQ(per_cpu(this_cpu_offset, cpu), per_cpu_offset[cpu]);
		for_each_possible_cpu(other)
			CHECK((per_cpu_offset[cpu] == per_cpu_offset[other]) == (cpu == other));
	}
	CHECK_EQ(per_cpu_offset[0], 0);
}

static void use_own(void *arg)
{
	unsigned int cpu = smp_processor_id();

	for (int i = 0; i < 1000; i++)
		this_cpu_inc(wide);
	CHECK(this_cpu_ptr(&wide) == per_cpu_ptr(&wide, cpu));
	CHECK_EQ(port_cpu(), cpu);
	CHECK_EQ(cpu, *(unsigned int *)arg);
}

SELFTEST(percpu, each_cpu_uses_its_own)
{
	static struct test_thread threads[NR_CPUS];
	static unsigned int numbers[NR_CPUS];
	unsigned int cpu;

	for_each_online_cpu(cpu)
		per_cpu(wide, cpu) = cpu;
	for_each_online_cpu(cpu) {
		numbers[cpu] = cpu;
		test_thread_start(&threads[cpu], (int)cpu, use_own, &numbers[cpu]);
	}
	for_each_online_cpu(cpu) {
		test_thread_join(&threads[cpu]);
		CHECK_EQ(per_cpu(wide, cpu), cpu + 1000);
	}
}

/* ---- alloc_percpu() ---- */

struct dynamic {
	u64 count;
	u32 number;
};

SELFTEST(percpu, allocated_objects_are_cleared_and_each_cpus_own)
{
	struct dynamic *object = alloc_percpu(struct dynamic);
	unsigned int cpu;

	REQUIRE(object);
	for_each_possible_cpu(cpu) {
		CHECK_EQ(per_cpu_ptr(object, cpu)->count, 0);
		per_cpu_ptr(object, cpu)->number = cpu;
	}
	for_each_possible_cpu(cpu)
		CHECK_EQ(per_cpu_ptr(object, cpu)->number, cpu);
	free_percpu(object);
	free_percpu(NULL);
}

static void count_dynamic(void *arg)
{
	struct dynamic *object = arg;

	for (int i = 0; i < 1000; i++)
		this_cpu_inc(object->count);
	CHECK(this_cpu_ptr(object) == per_cpu_ptr(object, smp_processor_id()));
}

/* The same instruction that reaches a variable of DEFINE_PER_CPU. */
SELFTEST(percpu, allocated_objects_are_reached_through_gs)
{
	static struct test_thread threads[NR_CPUS];
	struct dynamic *object = alloc_percpu(struct dynamic);
	unsigned int cpu;

	REQUIRE(object);
	for_each_online_cpu(cpu)
		test_thread_start(&threads[cpu], (int)cpu, count_dynamic, object);
	for_each_online_cpu(cpu) {
		test_thread_join(&threads[cpu]);
		CHECK_EQ(per_cpu_ptr(object, cpu)->count, 1000);
	}
	free_percpu(object);
}

SELFTEST(percpu, allocated_objects_lie_on_their_cpus_node)
{
	u64 *object = alloc_percpu(u64);
	unsigned int cpu;
	phys_addr_t pa;

	REQUIRE(object);
	for_each_possible_cpu(cpu) {
		CHECK(port_translate((unsigned long)per_cpu_ptr(object, cpu), &pa));
		if (pfn_valid(PFN_DOWN(pa)) && nr_node_ids == 1)
			CHECK_EQ(page_to_nid(pfn_to_page(PFN_DOWN(pa))), 0);
	}
	free_percpu(object);
}

#define LIVE 256

/* Sizes and alignments of all kinds; nobody's bytes are touched by somebody else. */
SELFTEST(percpu, random_objects_keep_their_content)
{
	static struct { u8 *object; unsigned int size; } live[LIVE];
	unsigned long objects = quarry_percpu_objects();
	unsigned int last = (unsigned int)num_possible_cpus() - 1;
	unsigned long nr = min_t(unsigned long, LIVE, 1 + nr_free_pages() / (8 * (last + 1)));

	for (unsigned long step = 0; step < selftest_scaled(3000); step++) {
		unsigned int i = (unsigned int)selftest_random_below(nr);
		unsigned int align = 1U << selftest_random_below(13);

		if (live[i].object) {
			for (unsigned int at = 0; at < live[i].size; at++)
				if (per_cpu_ptr(live[i].object, last)[at] != (u8)i)
					CHECK_EQ(per_cpu_ptr(live[i].object, last)[at], (u8)i);
			free_percpu(live[i].object);
			live[i].object = NULL;
			continue;
		}
		live[i].size = 1 + (unsigned int)selftest_random_below(512);
		live[i].object = __alloc_percpu(live[i].size, align);
		if (!live[i].object)
			continue;
		CHECK(IS_ALIGNED((unsigned long)live[i].object, align));
		memset(per_cpu_ptr(live[i].object, last), (int)i, live[i].size);
	}
	for (unsigned int i = 0; i < LIVE; i++) {
		free_percpu(live[i].object);
		live[i].object = NULL;
	}
	CHECK_EQ(quarry_percpu_objects(), objects);
}

/* Tens of thousands of them; what was freed serves again, and no page more is taken. */
SELFTEST(percpu, many_objects_live_at_once)
{
	unsigned long nr = min(20000UL, nr_free_pages() * 8 / num_possible_cpus()), pages = 0;
	u64 **list = NULL, *object;

	for (int round = 0; round < 2; round++) {
		unsigned long made = 0;

		for (list = NULL; made < nr; made++, list = (u64 **)object) {
			object = alloc_percpu(u64);
			if (!object)
				break;
			*object = (u64)list;	/* CPU 0's copy links to the one before */
		}
		CHECK_EQ(made, nr);
		while (list) {
			object = (u64 *)list;
			list = (u64 **)*object;
			free_percpu(object);
		}
		CHECK(!round || pages == quarry_percpu_pages());
		pages = quarry_percpu_pages();
	}
}

/* ---- Who may not sleep ---- */

/* What is made stays: not where others would miss it. */
static bool pages_to_spare(void)
{
	return nr_free_pages() > 512UL * num_possible_cpus();
}

static bool is_backed_and_clear(const u8 *object, size_t size)
{
	unsigned int cpu;
	phys_addr_t pa;

	for_each_possible_cpu(cpu) {
		const u8 *copy = per_cpu_ptr(object, cpu);

		if (!port_translate((unsigned long)copy, &pa) ||
		    !port_translate((unsigned long)copy + size - 1, &pa) ||
		    memchr_inv(copy, 0, size))
			return false;
	}
	return true;
}

/* An interrupt gets what was freed; then what else there is, and no page is made for it. */
SELFTEST(percpu, who_may_not_sleep_gets_what_is_backed)
{
	u64 *object = alloc_percpu(u64), **list = NULL, **next;
	unsigned long pages, flags;
	unsigned int cpu;

	REQUIRE(object);
	for_each_possible_cpu(cpu)
		*per_cpu_ptr(object, cpu) = ~0ULL;
	free_percpu(object);
	pages = quarry_percpu_pages();
	local_irq_save(flags);
	object = alloc_percpu_gfp(u64, GFP_ATOMIC);
	local_irq_restore(flags);
	REQUIRE(object);
	CHECK(is_backed_and_clear((u8 *)object, sizeof(*object)));
	for (size_t size = PAGE_SIZE; size >= 1024; size /= 2) {
		while ((next = __alloc_percpu_gfp(size, 64, GFP_NOWAIT | __GFP_NOWARN))) {
			CHECK(is_backed_and_clear((u8 *)next, size));
			*next = (u64 *)list;
			list = next;
		}
	}
	CHECK_EQ(quarry_percpu_pages(), pages);
	if (pages_to_spare()) {
		next = __alloc_percpu_gfp(PAGE_SIZE, 64, GFP_KERNEL);
		CHECK(next && quarry_percpu_pages() > pages);
		free_percpu(next);
	}
	for (; list; list = next) {
		next = (u64 **)*list;
		free_percpu(list);
	}
	free_percpu(object);
}

/* ---- Several at once ---- */

#define EACH 8

static void fill_and_look(void *arg)
{
	unsigned int last = (unsigned int)num_possible_cpus() - 1;
	u8 mark = (u8)(unsigned long)arg, *objects[EACH];

	for (int round = 0; round < 4; round++) {
		for (unsigned int i = 0; i < EACH; i++) {
			objects[i] = __alloc_percpu(3000, 8);
			if (objects[i])
				memset(per_cpu_ptr(objects[i], last), mark + (int)i, 3000);
		}
		cond_resched();
		for (unsigned int i = 0; i < EACH; i++) {
			u8 *copy = objects[i] ? per_cpu_ptr(objects[i], last) : NULL;

			if (copy)
				CHECK(copy[0] == (u8)(mark + i) &&
				      !memcmp(copy, copy + 1, 2999));
			free_percpu(objects[i]);
		}
	}
}

/* They make chunks and pages for each other; nobody gets what another has. */
SELFTEST(percpu, several_cpus_grow_it_together)
{
	static struct test_thread threads[4];
	unsigned long objects = quarry_percpu_objects();

	if (!pages_to_spare())
		SKIP("too few pages");
	for (unsigned int i = 0; i < ARRAY_SIZE(threads); i++)
		test_thread_start(&threads[i], test_cpu(i % num_online_cpus()), fill_and_look,
				  (void *)(unsigned long)(i * EACH + 1));
	for (unsigned int i = 0; i < ARRAY_SIZE(threads); i++)
		test_thread_join(&threads[i]);
	CHECK_EQ(quarry_percpu_objects(), objects);
}

SELFTEST(percpu, misuse_of_allocated_objects_is_reported)
{
	u64 *object = alloc_percpu(u64);
	struct dynamic *wide = alloc_percpu(struct dynamic);

	REQUIRE(object && wide);
	selftest_expect_reports(8);
	CHECK(!__alloc_percpu(0, 8));
	CHECK(!__alloc_percpu(32769, 8));
	CHECK(!__alloc_percpu(8, 8192));
	CHECK(!__alloc_percpu(8, 24));
	free_percpu(wide->count ? wide : (void *)&wide->number); /* inside an object */
	free_percpu((char *)object + 1);
	free_percpu(&seeded);
	free_percpu(object);
	free_percpu(object);
	free_percpu(wide);
}
