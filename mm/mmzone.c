// SPDX-License-Identifier: MIT
/*
 * Nodes and zones: what memory there is, by distance and by what can reach it.
 *
 * quarry_plan() cuts the RAM that memblock knows into zones before a page table is built,
 * since the direct map leaves HIGHMEM out. On each node, by address:
 *
 *	0        16 MiB         4 GiB                      highmem_pfn         end of node
 *	|  DMA   |    DMA32     |          NORMAL          |      HIGHMEM      |
 *
 * HIGHMEM is cut from the top of each node wherever that lies, so a small machine has it
 * below 4 GiB. All borders are multiples of a page block (2 MiB): one page block belongs to
 * one zone. Where two nodes meet inside a page block, the lower node gets it whole.
 *
 * mmzone_init() makes the nodes that have memory with their zones, each node's structure in
 * its own memory. RAM of two nodes may take turns by address (the lowest node of a PC has the
 * hole of the devices in it, and others may lie there): a zone reaches from its first page to
 * its last, and what lies between and is not its own is told apart by page block. RAM that turns
 * out to have no room for its descriptors is none, and all zones are measured anew then. One
 * that has no page left stays in the zonelists, as one whose memory was taken away.
 *
 * After the boot only memory that is added while the machine runs (memory_hotplug.c) changes
 * anything here: a zone reaches further, or has memory for the first time. Nothing is locked
 * for that, and what was once a zone stays one, with no page in it perhaps. The counters that
 * change are the buddy allocator's, read here without its lock as a snapshot.
 */
#include "guard.h"
#include "kmemleak.h"
#include "init_memory.h"
#include "page_owner.h"

struct node *nodes[QUARRY_MAX_NODES];
unsigned long max_pfn, max_possible_pfn;
bool memory_may_grow;
u8 *section_state;
u16 *block_kinds;
unsigned long vmemmap_size;
unsigned long min_free_kbytes;
u64 swiotlb_bytes;
bool dma_debug_wanted;
bool page_owner_wanted, kmemleak_on;
bool init_on_alloc, init_on_free, page_free_hooked;
unsigned int guard_orders;
u64 slab_secret;
const char *slab_debug_option;

static int end_nid;	/* no node from here on has memory; 0 while there are none */
static unsigned long highmem_pfn[QUARRY_MAX_NODES];	/* where HIGHMEM begins; ~0UL: nowhere */

/* ---- The plan ---- */

static int range_nid(const struct memblock_region *r)
{
	return memblock_nid(r->nid);
}

static unsigned long range_pages(const struct memblock_region *r)
{
	unsigned long start = PFN_UP(r->base), end = PFN_DOWN(r->end);

	return end > start ? end - start : 0;
}

static unsigned long node_pages(int nid)
{
	unsigned long pages = 0;

	for (unsigned int i = 0; i < memblock_memory.nr; i++)
		if (range_nid(&memblock_memory.regions[i]) == nid)
			pages += range_pages(&memblock_memory.regions[i]);
	return pages;
}

/* Gives page blocks that several nodes share to the lowest of them by address. */
static void align_nodes(void)
{
	const phys_addr_t size = PAGE_SIZE << PAGEBLOCK_ORDER;
	unsigned int i = 1;

	while (i < memblock_memory.nr) {
		struct memblock_region *r = &memblock_memory.regions[i];
		unsigned int before = memblock_memory.nr;
		int below = range_nid(r - 1);

		if (range_nid(r) != below && !IS_ALIGNED(r->base, size) &&
		    ALIGN_DOWN(r->base, size) < r[-1].end)
			memblock_set_node(r->base, ALIGN(r->base, size) - r->base, below);
		/* Where the range is now part of the one below, the next one stands here. */
		i += memblock_memory.nr >= before;
	}
}

/* The pfn above which the node has `want` pages, as a page-block border: that many or fewer. */
static unsigned long top_of_node(int nid, unsigned long want)
{
	for (unsigned int i = memblock_memory.nr; i-- > 0;) {
		const struct memblock_region *r = &memblock_memory.regions[i];

		if (range_nid(r) != nid)
			continue;
		if (range_pages(r) >= want)
			return ALIGN(PFN_DOWN(r->end) - want, PAGEBLOCK_PAGES);
		want -= range_pages(r);
	}
	return ~0UL;
}

/* The HIGHMEM share of one node: as asked for in all, in proportion, at most half. */
static unsigned long highmem_want(int nid, u64 bytes)
{
	unsigned long pages = node_pages(nid);
	unsigned long all = memblock_phys_mem_size() >> PAGE_SHIFT;

	if (bytes == QUARRY_HIGHMEM_DEFAULT)
		return pages / QUARRY_HIGHMEM_SHARE;
	if (bytes >> PAGE_SHIFT >= all / 2)
		return pages / 2;
	/* In page blocks, which zones are made of anyway: so the product fits into 64 bits. */
	return (bytes >> PAGE_SHIFT >> PAGEBLOCK_ORDER) * pages / max(all >> PAGEBLOCK_ORDER, 1UL);
}

static void plan_node(int nid, const struct quarry_options *options)
{
	unsigned long want = highmem_want(nid, options->highmem);
	unsigned long floor = ALIGN(PFN_UP(options->highmem_floor), PAGEBLOCK_PAGES);
	unsigned int i = 0;

	highmem_pfn[nid] = ~0UL;
	if (!want)
		return;
	highmem_pfn[nid] = max3(top_of_node(nid, want), floor, MAX_DMA_PFN);
	while (i < memblock_memory.nr) {
		struct memblock_region *r = &memblock_memory.regions[i++];
		phys_addr_t base = max(r->base, (phys_addr_t)highmem_pfn[nid] << PAGE_SHIFT);

		if (range_nid(r) == nid && !r->nomap && base < r->end)
			memblock_apply(&memblock_memory, base, r->end - base,
				       MEMBLOCK_SET_NOMAP, 0);
	}
}

void quarry_plan(const struct quarry_options *options)
{
	min_free_kbytes = options->min_free_kbytes;
	swiotlb_bytes = options->swiotlb;
	dma_debug_wanted = options->dma_debug;
	kmemleak_on = options->kmemleak;
	page_owner_wanted = options->page_owner || kmemleak_on || QUARRY_KASAN;
	slab_debug_option = options->slab_debug;
	slab_secret = options->random;
	init_on_alloc = options->init_on_alloc;
	init_on_free = options->init_on_free;
	page_free_hooked = page_owner_wanted || init_on_free;
	guard_orders = min_t(unsigned int, options->guard_orders, GUARD_ORDERS_MAX);
	align_nodes();
	max_pfn = PFN_DOWN(memblock_end_of_DRAM());
	max_possible_pfn = max(max_pfn, ALIGN_DOWN(PFN_DOWN(options->hotplug_end),
						   PAGES_PER_SECTION));
	memory_may_grow = max_possible_pfn > max_pfn;
	for (int nid = 0; nid < MAX_NUMNODES; nid++)
		plan_node(nid, options);
}

bool quarry_direct_range(unsigned int i, phys_addr_t *start, phys_addr_t *end)
{
	for (unsigned int m = 0; m < memblock_memory.nr; m++) {
		const struct memblock_region *r = &memblock_memory.regions[m];

		if (r->nomap || !range_pages(r) || i-- > 0)
			continue;
		*start = PFN_PHYS(PFN_UP(r->base));
		*end = PFN_PHYS(PFN_DOWN(r->end));
		return true;
	}
	return false;
}

enum zone_type zone_of_pfn(int nid, unsigned long pfn)
{
	if (pfn >= highmem_pfn[nid])
		return ZONE_HIGHMEM;
	if (pfn < MAX_DMA_PFN)
		return ZONE_DMA;
	return pfn < MAX_DMA32_PFN ? ZONE_DMA32 : ZONE_NORMAL;
}

/* ---- Nodes ---- */

/* Counts a range of RAM in each zone it touches. */
static void span_zones(int nid, unsigned long pfn, unsigned long end)
{
	while (pfn < end) {
		enum zone_type type = zone_of_pfn(nid, pfn);
		struct zone *zone = &nodes[nid]->zones[type];
		unsigned long stop = end;

		if (type == ZONE_DMA)
			stop = min(stop, MAX_DMA_PFN);
		if (type == ZONE_DMA32)
			stop = min(stop, MAX_DMA32_PFN);
		if (type != ZONE_HIGHMEM)
			stop = min(stop, highmem_pfn[nid]);
		if (!zone->present)
			zone->start_pfn = pfn;
		zone->listed = true;
		zone->end_pfn = stop;
		zone->present += stop - pfn;
		pfn = stop;
	}
}

static void span_node(int nid)
{
	for (unsigned int i = 0; i < memblock_memory.nr; i++) {
		const struct memblock_region *r = &memblock_memory.regions[i];

		if (range_nid(r) == nid && range_pages(r))
			span_zones(nid, PFN_UP(r->base), PFN_DOWN(r->end));
	}
}

static int make_node(int nid)
{
	nodes[nid] = memblock_alloc_node(sizeof(*nodes[nid]), 64, nid);
	if (!nodes[nid])
		return -ENOMEM;
	end_nid = nid + 1;
	for (unsigned int type = 0; type < MAX_NR_ZONES; type++) {
		nodes[nid]->zones[type].nid = nid;
		nodes[nid]->zones[type].idx = type;
		spin_lock_init(&nodes[nid]->zones[type].lock);
	}
	span_node(nid);
	return 0;
}

int mmzone_init(void)
{
	int nid, err = 0;

	for (nid = 0; nid < MAX_NUMNODES && !err; nid++)
		err = node_pages(nid) ? make_node(nid) : 0;
	return err || next_zone(NULL) ? err : -ENOMEM;
}

void mmzone_recount(void)
{
	for (int nid = 0; nid < end_nid; nid++) {
		for (unsigned int type = 0; nodes[nid] && type < MAX_NR_ZONES; type++) {
			struct zone *zone = &nodes[nid]->zones[type];

			zone->start_pfn = zone->end_pfn = zone->present = 0;
		}
		if (nodes[nid])
			span_node(nid);
	}
}

/* ---- Zones ---- */

struct zone *next_zone(const struct zone *zone)
{
	int nid = zone ? zone->nid : 0;
	unsigned int idx = zone ? zone->idx + 1 : 0;

	for (; nid < end_nid; nid++, idx = 0)
		for (; nodes[nid] && idx < MAX_NR_ZONES; idx++)
			if (READ_ONCE(nodes[nid]->zones[idx].present))
				return &nodes[nid]->zones[idx];
	return NULL;
}

const char *zone_name(const struct zone *zone)
{
	static const char *const names[MAX_NR_ZONES] = { "DMA", "DMA32", "Normal", "HighMem" };

	return names[zone->idx];
}

struct zone *node_zone(int nid, enum zone_type type)
{
	if (nid < 0 || nid >= MAX_NUMNODES || !nodes[nid] || type >= MAX_NR_ZONES ||
	    !READ_ONCE(nodes[nid]->zones[type].present))
		return NULL;
	return &nodes[nid]->zones[type];
}

int zone_to_nid(const struct zone *zone) { return zone->nid; }
enum zone_type zone_idx(const struct zone *zone) { return zone->idx; }
unsigned long zone_managed_pages(const struct zone *zone) { return READ_ONCE(zone->managed); }

unsigned long totalram_pages(void)
{
	unsigned long pages = 0;

	/* Each vmalloc() asks. A zone that is not there manages nothing. */
	for (int nid = 0; nid < end_nid; nid++)
		for (unsigned int idx = 0; nodes[nid] && idx < MAX_NR_ZONES; idx++)
			pages += READ_ONCE(nodes[nid]->zones[idx].managed);
	return pages;
}

unsigned long totalhigh_pages(void)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_zone(zone)
		pages += zone->idx == ZONE_HIGHMEM ? READ_ONCE(zone->managed) : 0;
	return pages;
}

/* ---- Pages ---- */

bool pfn_valid(unsigned long pfn)
{
	return pfn_is_live(pfn);
}

bool __virt_addr_valid(unsigned long virt)
{
	unsigned long pfn = virt_to_pfn(virt);

	return pfn_valid(pfn) && (memblock_is_memory(PFN_PHYS(pfn)) || pfn_is_hot(pfn)) &&
	       !PageHighMem(pfn_to_page(pfn));
}

struct pageblock *next_block(const struct zone *zone, const struct pageblock *pb)
{
	unsigned long pfn = pb ? block_to_pfn(pb) + PAGEBLOCK_PAGES
			       : ALIGN_DOWN(zone->start_pfn, PAGEBLOCK_PAGES);

	while (pfn < zone->end_pfn) {
		if (!pfn_is_mapped(pfn)) {
			pfn = ALIGN(pfn + 1, PAGES_PER_SECTION);
			continue;
		}
		if (pfn_is_live(pfn) && block_zone(pfn_to_block(pfn)) == zone)
			return pfn_to_block(pfn);
		pfn += PAGEBLOCK_PAGES;
	}
	return NULL;
}

struct zone *page_zone(const struct page *page)
{
	return block_zone(page_block(page));
}

enum zone_type page_zonenum(const struct page *page)
{
	return page_block(page)->zone;
}

int page_to_nid(const struct page *page)
{
	return page_block(page)->nid;
}

bool PageHighMem(const struct page *page)
{
	return page_block(page)->zone == ZONE_HIGHMEM;
}

/*
 * No tail page says where its block begins: allocating would then have to write each. But a
 * block of order o starts at a multiple of 2^o, so at most MAX_ORDER places come into question.
 */
/* Does a block begin here? PG_TAIL says no for slabs only: elsewhere its bit may mean a CPU. */
static bool is_head(const struct page *page)
{
	u64 word = READ_ONCE(page->word);

	return word_state(word) != PAGE_NONE &&
	       !(word_state(word) == PAGE_SLAB && (word_flags(word) & PG_TAIL));
}

struct page *page_block_head(const struct page *page)
{
	unsigned long pfn = page_to_pfn(page);

	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		struct page *head = pfn_to_page(ALIGN_DOWN(pfn, 1UL << order));

		if (!page_block(head)->live)
			return NULL;
		if (is_head(head))
			return READ_ONCE(head->order) >= order ? head : NULL;
	}
	return NULL;
}

bool PageReserved(const struct page *page)
{
	return !page_block_head(page);
}

/* The first page of a block that was allocated with __GFP_COMP. */
static bool is_compound(const struct page *page)
{
	/* In one piece: the flags of a page that is freed meanwhile are something else. */
	u64 word = READ_ONCE(page->word);
	enum page_state state = word_state(word);

	return (state == PAGE_USED || state == PAGE_SLAB) && (word_flags(word) & PG_COMP) &&
	       !(word_flags(word) & PG_TAIL);
}

bool PageCompound(const struct page *page)
{
	const struct page *head = page_block_head(page);

	return head && is_compound(head);
}

struct page *compound_head(const struct page *page)
{
	struct page *head;

	if (likely(READ_ONCE(page->state) == PAGE_USED))
		return (struct page *)page;
	head = page_block_head(page);
	return head && is_compound(head) ? head : (struct page *)page;
}

unsigned int compound_order(const struct page *page)
{
	return is_compound(page) ? page->order : 0;
}
