// SPDX-License-Identifier: MIT
/*
 * Checks of how drivers use the DMA API, as Linux's dma-debug: boot option `dma_debug`.
 *
 * Each mapping that a driver made is an entry in a hash table, by device and address: how large,
 * in which direction, through which call, by whom. An unmap must name one, with the same size,
 * direction and kind; a sync must lie within one; whoever maps must ask dma_mapping_error()
 * before the unmap; and a device that its driver gives up may have none left. What is not so is
 * reported, and the call then does what it can all the same.
 *
 * Entries come from one table, allocated when the checks are switched on. When it is full, the
 * checks are off from then on, and a line says so: what is missing in it would look like misuse.
 *
 * Locks: debug_lock, a leaf, interrupts off: everything here. Reports are made without it.
 */
#include "dma.h"

#define NR_DEBUG_BUCKETS 512
#define MOST_ENTRIES	 8192		/* 64 bytes each; fewer where memory is small */
#define FEWEST_ENTRIES	 64
#define NO_ENTRY	 0

struct debug_entry {
	struct device *dev;
	dma_addr_t addr;
	size_t size;
	unsigned long caller;
	int nents;			/* of the list, for DMA_DEBUG_SG */
	u16 next;			/* in the bucket, or in the list of free ones */
	u8 dir, type;
	bool asked;			/* dma_mapping_error() was called */
};

bool dma_debug_on;

static DEFINE_SPINLOCK(debug_lock);
static struct debug_entry *entries;	/* [0] is never used: NO_ENTRY ends lists */
static unsigned int nr_entries;
static u16 buckets[NR_DEBUG_BUCKETS];
static u16 free_entries;
static unsigned int nr_used;

static const char *const dir_names[] = {
	"DMA_BIDIRECTIONAL", "DMA_TO_DEVICE", "DMA_FROM_DEVICE", "DMA_NONE",
};
static const char *const type_names[] = { "single", "scatter-gather", "coherent" };

/* ---- The table: under debug_lock ---- */

static u16 *bucket_of(dma_addr_t addr)
{
	return &buckets[PFN_DOWN(addr) % NR_DEBUG_BUCKETS];
}

/*
 * The link that leads to an entry of that address from there on; *link is NO_ENTRY at the end. dev
 * NULL: of any device, for who does not say which.
 */
static u16 *find_from(u16 *link, const struct device *dev, dma_addr_t addr)
{
	while (*link != NO_ENTRY &&
	       ((dev && entries[*link].dev != dev) || entries[*link].addr != addr))
		link = &entries[*link].next;
	return link;
}

static bool is_like(const struct debug_entry *a, const struct debug_entry *b)
{
	return a->size == b->size && a->dir == b->dir && a->type == b->type;
}

/*
 * A buffer may be mapped several times at once: the entry that is like the wanted one, or else the
 * latest of its address.
 */
static u16 *find_entry(const struct debug_entry *wanted)
{
	u16 *first = find_from(bucket_of(wanted->addr), wanted->dev, wanted->addr), *link = first;

	while (*link != NO_ENTRY && !is_like(&entries[*link], wanted))
		link = find_from(&entries[*link].next, wanted->dev, wanted->addr);
	return *link == NO_ENTRY ? first : link;
}

static void add_entry(const struct debug_entry *new)
{
	u16 nr = free_entries, *link = bucket_of(new->addr);

	free_entries = entries[nr].next;
	entries[nr] = *new;
	entries[nr].next = *link;
	*link = nr;
	nr_used++;
}

/* A copy of the entry, which is free from now on; false: there is none. */
static bool take_entry(const struct debug_entry *wanted, struct debug_entry *taken)
{
	u16 *link = find_entry(wanted), nr = *link;

	if (nr == NO_ENTRY)
		return false;
	*taken = entries[nr];
	*link = entries[nr].next;
	entries[nr].next = free_entries;
	free_entries = nr;
	nr_used--;
	return true;
}

/* ---- Reports ---- */

#define dma_report(dev, addr, fmt, args...) \
	report_misuse(QUARRY_BAD_DMA, (void *)(unsigned long)(addr), "DMA: %s %s: " fmt, \
		      dev_driver_string(dev), dev_name(dev), ##args)

static void compare(struct device *dev, const struct debug_entry *was, size_t size,
		    enum dma_data_direction dir, enum dma_debug_type type, int nents)
{
	if (was->type != type)
		dma_report(dev, was->addr, "frees DMA memory with wrong function [address %#llx] "
			   "[mapped as %s] [unmapped as %s]", was->addr, type_names[was->type],
			   type_names[type]);
	else if (was->size != size)
		dma_report(dev, was->addr, "frees DMA memory with different size [address %#llx] "
			   "[map size %zu] [unmap size %zu]", was->addr, was->size, size);
	if (was->dir != dir)
		dma_report(dev, was->addr, "frees DMA memory with different direction [address "
			   "%#llx] [mapped with %s] [unmapped with %s]", was->addr,
			   dir_names[was->dir], dir_names[dir & 3]);
	if (was->type == type && was->nents != nents)
		dma_report(dev, was->addr, "frees DMA sg list with different entry count [map "
			   "count %d] [unmap count %d]", was->nents, nents);
	if (!was->asked && was->type == DMA_DEBUG_SINGLE)
		dma_report(dev, was->addr, "failed to check map error [address %#llx] [size %zu] "
			   "[mapped by %pS]", was->addr, was->size, (void *)was->caller);
}

/* ---- The calls ---- */

void dma_debug_map(struct device *dev, dma_addr_t addr, size_t size,
		   enum dma_data_direction dir, enum dma_debug_type type, int nents,
		   unsigned long caller)
{
	struct debug_entry new = {
		.dev = dev, .addr = addr, .size = size, .caller = caller, .nents = nents,
		.dir = dir, .type = type,
	};
	unsigned long flags;
	bool full;

	spin_lock_irqsave(&debug_lock, flags);
	full = dma_debug_on && free_entries == NO_ENTRY;
	if (full)
		dma_debug_on = false;
	else if (dma_debug_on)
		add_entry(&new);
	spin_unlock_irqrestore(&debug_lock, flags);
	if (full)
		pr_err("dma: %u mappings at once: no more checks from now on\n", nr_entries - 1);
}

void dma_debug_unmap(struct device *dev, dma_addr_t addr, size_t size,
		     enum dma_data_direction dir, enum dma_debug_type type, int nents)
{
	struct debug_entry was, wanted = {
		.dev = dev, .addr = addr, .size = size, .dir = dir, .type = type,
	};
	unsigned long flags;
	bool known;

	spin_lock_irqsave(&debug_lock, flags);
	known = take_entry(&wanted, &was);
	spin_unlock_irqrestore(&debug_lock, flags);
	if (known)
		compare(dev, &was, size, dir, type, nents);
	else
		dma_report(dev, addr, "frees DMA memory it has not allocated [address %#llx] "
			   "[size %zu]", addr, size);
}

/* What is wrong with a sync of a part of that mapping: a bit for each. */
enum { SYNC_OUTSIDE = 1, SYNC_DIRECTION = 2 };

static unsigned int sync_wrongs(const struct debug_entry *was, dma_addr_t addr, size_t size,
				enum dma_data_direction dir)
{
	return (addr - was->addr + size > was->size ? SYNC_OUTSIDE : 0) |
	       (was->dir != DMA_BIDIRECTIONAL && was->dir != dir ? SYNC_DIRECTION : 0);
}

/*
 * A mapping that holds the address, which may lie inside, and that allows the sync if any does;
 * false: none. Under the lock.
 */
static bool find_around(struct device *dev, dma_addr_t addr, size_t size,
			enum dma_data_direction dir, struct debug_entry *found)
{
	bool any = false;

	for (unsigned int i = 0; i < NR_DEBUG_BUCKETS; i++)
		for (u16 nr = buckets[i]; nr != NO_ENTRY; nr = entries[nr].next) {
			if (entries[nr].dev != dev || addr < entries[nr].addr ||
			    addr - entries[nr].addr >= entries[nr].size)
				continue;
			*found = entries[nr];
			if (!sync_wrongs(found, addr, size, dir))
				return true;
			any = true;
		}
	return any;
}

void dma_debug_sync(struct device *dev, dma_addr_t addr, size_t size,
		    enum dma_data_direction dir, bool for_device)
{
	unsigned int wrong = 0;
	struct debug_entry was;
	unsigned long flags;
	bool known;

	spin_lock_irqsave(&debug_lock, flags);
	known = find_around(dev, addr, size, dir, &was);
	spin_unlock_irqrestore(&debug_lock, flags);
	if (known)
		wrong = sync_wrongs(&was, addr, size, dir);
	if (!known)
		dma_report(dev, addr, "tries to sync DMA memory it has not allocated [address "
			   "%#llx] [size %zu]", addr, size);
	else if (wrong & SYNC_OUTSIDE)
		dma_report(dev, addr, "syncs DMA memory outside allocated range [address %#llx] "
			   "[map size %zu] [sync offset+size %zu]", was.addr, was.size,
			   (size_t)(addr - was.addr) + size);
	else if (wrong & SYNC_DIRECTION)
		dma_report(dev, addr, "syncs DMA memory with different direction [address %#llx] "
			   "[mapped with %s] [synced with %s for the %s]", addr,
			   dir_names[was.dir], dir_names[dir & 3], for_device ? "device" : "CPU");
}

void dma_debug_asked(struct device *dev, dma_addr_t addr)
{
	unsigned long flags;
	u16 nr;

	/* Of several the latest that was not asked about: the driver has just made it. */
	spin_lock_irqsave(&debug_lock, flags);
	nr = *find_from(bucket_of(addr), dev, addr);
	while (nr != NO_ENTRY && entries[nr].asked)
		nr = *find_from(&entries[nr].next, dev, addr);
	if (nr != NO_ENTRY)
		entries[nr].asked = true;
	spin_unlock_irqrestore(&debug_lock, flags);
}

/* How many entries a device has; *one: any of them. Under the lock. */
static unsigned int count_of(const struct device *dev, struct debug_entry *one)
{
	unsigned int nr_left = 0;

	for (unsigned int i = 0; i < NR_DEBUG_BUCKETS; i++)
		for (u16 nr = buckets[i]; nr != NO_ENTRY; nr = entries[nr].next)
			if (entries[nr].dev == dev) {
				*one = entries[nr];
				nr_left++;
			}
	return nr_left;
}

void dma_device_released(struct device *dev)
{
	struct debug_entry one, dropped;
	unsigned int nr_left;
	unsigned long flags;

	if (!dma_debug_on)
		return;
	spin_lock_irqsave(&debug_lock, flags);
	nr_left = count_of(dev, &one);
	spin_unlock_irqrestore(&debug_lock, flags);
	if (!nr_left)
		return;
	dma_report(dev, one.addr, "has pending DMA allocations while released: %u, one of them "
		   "[address %#llx] [size %zu] [%s] [mapped by %pS]", nr_left, one.addr, one.size,
		   type_names[one.type], (void *)one.caller);
	spin_lock_irqsave(&debug_lock, flags);
	while (count_of(dev, &one))
		take_entry(&one, &dropped);
	spin_unlock_irqrestore(&debug_lock, flags);
}

/* ---- On and off ---- */

/* A table as large as can be had, all entries free; *nr: how many. NULL: not even a small one. */
static struct debug_entry *make_table(unsigned int *nr)
{
	struct debug_entry *table = NULL;

	for (*nr = 2 * MOST_ENTRIES; !table && *nr > FEWEST_ENTRIES;) {
		*nr /= 2;
		table = alloc_pages_exact(*nr * sizeof(*table),
					  GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY);
	}
	for (unsigned int i = 1; table && i < *nr; i++)
		table[i].next = i + 1 < *nr ? i + 1 : NO_ENTRY;
	return table;
}

int dma_debug_set(bool on)
{
	unsigned int nr = 0, old_nr;
	struct debug_entry *table = on ? make_table(&nr) : NULL, *old;
	unsigned long flags;

	if (on && !table)
		return -ENOMEM;
	spin_lock_irqsave(&debug_lock, flags);
	memset(buckets, 0, sizeof(buckets));
	old = entries;
	old_nr = nr_entries;
	entries = table;
	nr_entries = nr;
	free_entries = on ? 1 : NO_ENTRY;
	nr_used = 0;
	WRITE_ONCE(dma_debug_on, on);
	spin_unlock_irqrestore(&debug_lock, flags);
	if (old)
		free_pages_exact(old, old_nr * sizeof(*old));
	return 0;
}

unsigned int dma_debug_entries(void)
{
	return READ_ONCE(nr_used);
}
