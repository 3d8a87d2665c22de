// SPDX-License-Identifier: MIT
/*
 * Arming faults (fault.c): every request is made to take its allocator's slow path, where it is
 * asked whether it fails. The caches of pages are closed, the magazines of objects and the pools
 * of areas emptied; the other way round when it ends. Both may sleep. Locks: those of what is
 * called.
 *
 * The option fault=: how often, then words in any order, by commas:
 *
 *	N		one request in N fails, by chance
 *	nth=N		the Nth request fails, once
 *	sites		the first one of each call site fails
 *	each		whoever runs a piece of work does it again and again, and each of its points
 *			(fault_points.c) fails in a run of its own: quarry_fault_begin()
 *	SEED		a number: of that chance
 *	pages slab kmalloc vmalloc percpu	of these allocators only
 *	times=N		with `each`: the first N times that a call site asks; 2, at most 16
 *	task=NAME	of threads of that name only
 *	caller=FUNCTION	of requests below that function only
 */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <quarry/quarry.h>
#include "badmem.h"
#include "fault.h"
#include "pcp.h"

static bool from_option;		/* what is armed, is so by quarry_fault() */
static unsigned int refused;		/* beginnings within one that has not ended yet */

void fault_begin(const struct fault_setup *setup)
{
	if (WARN(!fault_is_off(), "fault: allocations fail on purpose already\n")) {
		refused++;
		return;
	}
	pcp_close();
	fault_begin_pass(setup->pass, setup->times);
	fault_set(setup);	/* first: nothing fills a magazine any more */
	quarry_reap(true);
	vm_unmap_aliases();
}

void fault_end(unsigned long *seen, unsigned long *failed)
{
	bool was_armed = !fault_is_off();

	if (refused) {
		refused--;
		fault_counts(seen, failed);
		return;
	}
	fault_clear(seen, failed);
	if (!was_armed)
		return;
	from_option = false;
	pcp_open();
}

#define SITES 16384		/* of fault=sites and fault=each */

static unsigned int sites_order;
static bool in_pass;			/* from quarry_fault_begin() to quarry_fault_end() */

/* Is a table in use by somebody further up? What would change it is a mistake. */
static bool in_use(void)
{
	return WARN(in_pass, "fault: within a run of fault=each\n");
}

bool fault_remember_sites(unsigned int nr)
{
	unsigned int order = (unsigned int)get_order(fault_sites_size(nr));
	unsigned long table;

	if (in_use())
		return false;
	table = __get_free_pages(GFP_KERNEL | __GFP_ZERO, order);
	fault_forget_sites();
	fault_set_sites((struct fault_site *)table, table ? nr : 0);
	sites_order = order;
	return table;
}

void fault_forget_sites(void)
{
	if (in_use())
		return;
	free_pages((unsigned long)fault_set_sites(NULL, 0), sites_order);
}

struct word {
	const char *name;
	unsigned int source;
};

static const struct word words[] = {
	{ "pages", FAULT_PAGES }, { "slab", FAULT_SLAB }, { "kmalloc", FAULT_KMALLOC },
	{ "vmalloc", FAULT_VMALLOC }, { "percpu", FAULT_PERCPU },
};

static char option[128];		/* the names in a setup stay */
static struct fault_setup each;		/* fault=each: that of the next pass; none without */

static bool read_times(const char *text, struct fault_setup *setup)
{
	u64 times;

	if (kstrtoull(text, 0, &times) || !times || times > FAULT_MOST_TIMES)
		return false;
	setup->times = (unsigned int)times;
	return true;
}

static bool read_word(const char *word, struct fault_setup *setup)
{
	u64 number;

	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(word, words[i].name)) {
			setup->sources |= words[i].source;
			return true;
		}
	if (!strncmp(word, "times=", 6))
		return setup->pass == FAULT_WATCH && read_times(word + 6, setup);
	if (!strncmp(word, "task=", 5) && word[5])
		setup->comm = word + 5;
	else if (!strncmp(word, "caller=", 7) && word[7])
		setup->caller = word + 7;
	else if (!kstrtoull(word, 0, &number))
		setup->seed = number;
	else
		return false;
	return true;
}

/* The first word: how often. */
static bool read_how(const char *word, struct fault_setup *setup)
{
	u64 one_in = 0, nth = 0;

	if (!strncmp(word, "nth=", 4)) {
		setup->nth = kstrtoull(word + 4, 0, &nth) ? 0 : (unsigned long)nth;
		return setup->nth;
	}
	if (!strcmp(word, "sites"))
		setup->pass = FAULT_EACH_SITE;
	else if (!strcmp(word, "each"))
		setup->pass = FAULT_WATCH;
	else if (kstrtoull(word, 0, &one_in) || !one_in)
		return false;
	setup->one_in = (unsigned long)one_in;
	return true;
}

static bool read_setup(struct fault_setup *setup)
{
	char *word, *rest = option;

	if (!read_how(strsep(&rest, ","), setup))
		return false;
	while ((word = strsep(&rest, ",")))
		if (!read_word(word, setup))
			return false;
	if (!setup->sources)
		setup->sources = FAULT_ALL;
	return true;
}

/* What an earlier call has armed; and the names in its setup are about to change. */
static void disarm(void)
{
	unsigned long seen, failed;

	each.pass = FAULT_BY_NUMBER;
	if (from_option)
		fault_end(&seen, &failed);
}

bool quarry_fault(const char *text)
{
	struct fault_setup setup = { .seed = 1 };

	if (in_use())
		return false;
	disarm();
	if (strscpy(option, text, sizeof(option)) < 0 || !read_setup(&setup))
		return false;
	if (setup.pass && !fault_remember_sites(SITES))
		return false;
	if (setup.pass == FAULT_WATCH) {
		each = setup;
		return true;
	}
	fault_begin(&setup);
	from_option = true;
	return true;
}

unsigned int quarry_fault_sites(void)
{
	return fault_sites();
}

unsigned long quarry_fault_failures(void)
{
	return READ_ONCE(from_option) ? fault_failures() : 0;
}

bool quarry_fault_each(void)
{
	return each.pass;
}

void quarry_fault_restart(void)
{
	fault_clear_sites();
}

bool quarry_fault_begin(void)
{
	each.pass = fault_next_pass();
	if (!each.pass) {
		each.pass = FAULT_WATCH;
		return false;
	}
	fault_begin(&each);
	from_option = in_pass = true;
	return true;
}

unsigned int quarry_fault_end(void)
{
	unsigned long seen, failed;

	in_pass = false;
	refused = 0;		/* who began within it may have left before the end */
	fault_end(&seen, &failed);
	return (unsigned int)failed;
}

unsigned int quarry_fault_lost(void)
{
	return fault_lost();
}

void quarry_fault_show(void)
{
	fault_show_points();
}
