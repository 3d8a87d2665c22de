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
 *	sites		the first one of each call site fails
 *	SEED		a number: of that chance
 *	pages slab kmalloc vmalloc percpu	of these allocators only
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

void fault_begin(const struct fault_setup *setup)
{
	pcp_close();
	fault_set(setup);	/* first: nothing fills a magazine any more */
	quarry_reap(true);
	vm_unmap_aliases();
}

void fault_end(unsigned long *seen, unsigned long *failed)
{
	fault_clear(seen, failed);
	pcp_open();
}

#define SITES_ORDER get_order(FAULT_SITES * sizeof(u64))

bool fault_remember_sites(void)
{
	u64 *table = (u64 *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, SITES_ORDER);

	fault_forget_sites();
	fault_set_sites(table);
	return table;
}

void fault_forget_sites(void)
{
	free_pages((unsigned long)fault_set_sites(NULL), SITES_ORDER);
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

static bool read_word(const char *word, struct fault_setup *setup)
{
	u64 number;

	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(word, words[i].name)) {
			setup->sources |= words[i].source;
			return true;
		}
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

bool quarry_fault(const char *text)
{
	struct fault_setup setup = { .seed = 1 };
	char *word, *rest = option;
	u64 one_in = 0;

	if (strscpy(option, text, sizeof(option)) < 0)
		return false;
	word = strsep(&rest, ",");
	setup.each_site = !strcmp(word, "sites");
	if (!setup.each_site && (kstrtoull(word, 0, &one_in) || !one_in))
		return false;
	setup.one_in = (unsigned long)one_in;
	while ((word = strsep(&rest, ",")))
		if (!read_word(word, &setup))
			return false;
	if (setup.each_site && !fault_remember_sites())
		return false;
	if (!setup.sources)
		setup.sources = FAULT_ALL;
	fault_begin(&setup);
	return true;
}

unsigned int quarry_fault_sites(void)
{
	return fault_sites();
}
