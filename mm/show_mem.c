// SPDX-License-Identifier: MIT
/*
 * What the zones hold: is there a block of some size, how many are there; and counted for people:
 * the census of free blocks, and show_mem(), which a failed allocation prints.
 *
 * The census walks the live page blocks of a zone and counts their free blocks by order and by
 * mobility. Page blocks that are free as a whole belong to no mobility and have a row of their
 * own. So has pristine memory, which is in no list yet: it is counted as the blocks that it will
 * make when it comes to life (section.c). The pages of all blocks together are the zone's free
 * pages, but for those in caches of CPUs.
 *
 * Locks: zone->lock, with interrupts off, for STRIDE page blocks or pristine pieces (of a section
 * at most) at a time: a report may not stop a machine of terabytes. A zone that is in use meanwhile
 * is seen in several moments, so the sum may be off by what was allocated or freed in between, or
 * came to life.
 * Cost: one step a page block, one for each free block in it; three searches a pristine piece.
 */
#include "census.h"
#include "guard.h"
#include "section.h"

#define STRIDE 64		/* page blocks, or pieces, counted with the lock held once */

/* The letters that Linux gives mobilities here, and one for none. */
static const char mobility_letters[NR_CENSUS_ROWS + 1] = "UMEN";

static void count_block(struct census *census, const struct pageblock *pb)
{
	const struct page *first = pfn_to_page(block_to_pfn(pb));
	unsigned int row = pb->nr_free == PAGEBLOCK_PAGES ? CENSUS_NONE : pb->mobility;

	census->blocks[row]++;
	if (pb->place >= PLACE_WHOLE && pb->place < PLACE_PARTIAL)
		census->free[row][pb->place - PLACE_WHOLE + PAGEBLOCK_ORDER]++;
	for (unsigned int order = 0; pb->orders >> order; order++)
		for (u16 i = pb->head[order]; i != INDEX_NONE; i = first[i].buddy.next)
			census->free[row][order]++;
	guard_count(pb, census->free[row]);
}

/* Counts some page blocks from pb on; returns the last of them, NULL when there are no more. */
static struct pageblock *count_some(struct zone *zone, struct pageblock *pb, struct census *census)
{
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	for (unsigned int i = 0; i < STRIDE; i++) {
		pb = next_block(zone, pb);
		if (!pb)
			break;
		count_block(census, pb);
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	return pb;
}

static void count_pristine(struct zone *zone, unsigned long nr[MAX_ORDER])
{
	unsigned long from = 0, flags;
	bool more;

	do {
		spin_lock_irqsave(&zone->lock, flags);
		more = section_count_blocks(zone, &from, STRIDE, nr);
		spin_unlock_irqrestore(&zone->lock, flags);
	} while (more);
}

void take_census(struct zone *zone, struct census *census)
{
	unsigned long *whole = census->free[CENSUS_NONE];
	struct pageblock *pb = NULL;

	memset(census, 0, sizeof(*census));
	count_pristine(zone, whole);
	for (unsigned int order = PAGEBLOCK_ORDER; order < MAX_ORDER; order++)
		census->blocks[CENSUS_NONE] += whole[order] << (order - PAGEBLOCK_ORDER);
	do
		pb = count_some(zone, pb, census);
	while (pb);
}

unsigned long census_of_order(const struct census *census, unsigned int order)
{
	unsigned long nr = 0;

	for (unsigned int row = 0; row < NR_CENSUS_ROWS; row++)
		nr += census->free[row][order];
	return nr;
}

unsigned long buddy_count(struct zone *zone, unsigned int order)
{
	unsigned long count = 0;
	struct pageblock *pb;

	for_each_block(zone, pb) {
		const struct page *first = pfn_to_page(block_to_pfn(pb));

		if (order >= PAGEBLOCK_ORDER) {
			count += pb->place == PLACE_WHOLE + order - PAGEBLOCK_ORDER;
			continue;
		}
		for (u16 i = pb->head[order]; i != INDEX_NONE; i = first[i].buddy.next)
			count++;
	}
	return order < PAGEBLOCK_ORDER ? count + zone->nr_guards[order] : count;
}

bool buddy_has(const struct zone *zone, unsigned int order)
{
	u16 partial = 0;

	for (unsigned int mobility = 0; mobility < NR_MOBILITY; mobility++)
		for (unsigned int bucket = 0; bucket < NR_BUCKETS; bucket++)
			partial |= READ_ONCE(zone->partial_mask[mobility][bucket]);
	if (partial >> order)
		return true;
	for (unsigned int i = 0; i < WHOLE_ORDERS; i++)
		if (order <= PAGEBLOCK_ORDER + i && READ_ONCE(zone->whole[i]) != BLOCK_NONE)
			return true;
	return READ_ONCE(zone->nr_pristine) >= 1UL << order || guard_has(zone, order);
}

#define KB(pages) ((pages) * (PAGE_SIZE / 1024))

/* ` (UM)`: which rows of the census have blocks of that order; nothing when none has. */
static int print_letters(char *buf, size_t size, const struct census *census, unsigned int order)
{
	char letters[NR_CENSUS_ROWS + 1];
	unsigned int n = 0;

	for (unsigned int row = 0; row < NR_CENSUS_ROWS; row++)
		if (census->free[row][order])
			letters[n++] = mobility_letters[row];
	letters[n] = 0;
	return n ? scnprintf(buf, size, " (%s)", letters) : 0;
}

/* `5*4kB (UM) 0*8kB ... = 20kB` */
static void show_blocks(struct zone *zone)
{
	struct census census;
	unsigned long pages = 0;
	char line[320];
	int len = 0;

	take_census(zone, &census);
	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		unsigned long nr = census_of_order(&census, order);

		pages += nr << order;
		len += scnprintf(line + len, sizeof(line) - len, " %lu*%lukB", nr,
				 KB(1UL << order));
		len += print_letters(line + len, sizeof(line) - len, &census, order);
	}
	pr_info("Node %d %s:%s = %lukB\n", zone->nid, zone_name(zone), line, KB(pages));
}

void show_zones(void)
{
	struct zone *zone;

	for_each_zone(zone)
		pr_info("Node %d %-7s free:%lukB min:%lukB low:%lukB high:%lukB managed:%lukB "
			"present:%lukB pristine:%lukB\n", zone->nid, zone_name(zone),
			KB(zone_free_pages(zone)), KB(zone->watermark[WMARK_MIN]),
			KB(zone->watermark[WMARK_LOW]), KB(zone->watermark[WMARK_HIGH]),
			KB(zone->managed), KB(zone->present), KB(READ_ONCE(zone->nr_pristine)));
}

void show_mem(void)
{
	struct zone *zone;

	pr_info("Mem-Info:\n");
	show_zones();
	for_each_zone(zone)
		show_blocks(zone);
	pr_info("%lu pages RAM, %lu pages HighMem, %lu pages free\n", totalram_pages(),
		totalhigh_pages(), nr_free_pages());
}

void si_meminfo(struct sysinfo *info)
{
	memset(info, 0, sizeof(*info));
	info->totalram = totalram_pages();
	info->freeram = nr_free_pages();
	info->totalhigh = totalhigh_pages();
	info->freehigh = nr_free_highpages();
	info->mem_unit = PAGE_SIZE;
}
