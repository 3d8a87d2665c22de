/* SPDX-License-Identifier: MIT */
/*
 * Every build option of mm/: default, unit, cost. Override with -DQUARRY_X=value; the
 * checks at the end refuse what cannot work.
 */
#ifndef _QUARRY_CONFIG_H
#define _QUARRY_CONFIG_H

/* Orders 0 to MAX_ORDER - 1 exist. Fixed at 11 (largest block 4 MiB): drivers rely on it. */
#define MAX_ORDER 11

/*
 * Unit of mobility grouping and of page-block bookkeeping: 2^9 pages, 2 MiB, one large
 * TLB entry. Costs 64 bytes for each 2 MiB of memory that is in use.
 */
#define PAGEBLOCK_ORDER 9

/*
 * Descriptors come to life a section at a time. At 256 MiB one section's descriptors fill
 * exactly one 2 MiB page. Costs 1 byte a section, up to the highest page of RAM.
 */
#define SECTION_SHIFT 28

/* NUMA nodes compiled in. Costs about 4 KiB each. Range 1 to 64. */
#ifndef QUARRY_MAX_NODES
#define QUARRY_MAX_NODES 64
#endif

/* CPUs compiled in. Costs 128 bytes of page-table window each. Range 1 to 256. */
#ifndef QUARRY_NR_CPUS
#define QUARRY_NR_CPUS 256
#endif

/* Ranges that the early allocator can hold, for each of memory and reserved. 24 bytes each. */
#ifndef QUARRY_MEMBLOCK_REGIONS
#define QUARRY_MEMBLOCK_REGIONS 1024
#endif

/* Broken pages that are kept in mind while their memory was never used. 8 bytes each. */
#ifndef QUARRY_BAD_PRISTINE
#define QUARRY_BAD_PRISTINE 256
#endif

/* Pages that kmap can hold mapped at once. One page-table entry and 16 bytes each. */
#ifndef QUARRY_KMAP_SLOTS
#define QUARRY_KMAP_SLOTS 512
#endif

/* How deep kmap_local_page nests on one CPU. One page-table entry a CPU each. */
#ifndef QUARRY_KMAP_LOCAL_NEST
#define QUARRY_KMAP_LOCAL_NEST 16
#endif
/*
 * With what clear_highpage() and copy_highpage() need beyond it, so that they never fail: two
 * in a thread, two in an interrupt on top.
 */
#define QUARRY_KMAP_LOCAL_DEPTH (QUARRY_KMAP_LOCAL_NEST + 4)

/*
 * Addresses for alloc_percpu(), bytes for each CPU. Costs pages only where used, and 8 bytes for
 * each 32 KiB. 2 MiB to 8 MiB, whole 2 MiB: ports keep that much room.
 */
#ifndef QUARRY_PERCPU_AREA
#define QUARRY_PERCPU_AREA 0x800000
#endif

/*
 * Objects of slab caches between guard pages (mm/kfence.c): how many there can be at once, two
 * pages and 300 bytes each, one less than a power of two; and of how many refills of a
 * CPU's magazines one gives one, where kfence.sample_interval= says nothing else; 0: none.
 */
#ifndef QUARRY_KFENCE_OBJECTS
#define QUARRY_KFENCE_OBJECTS 63
#endif
#ifndef QUARRY_KFENCE_INTERVAL
#define QUARRY_KFENCE_INTERVAL 2000
#endif

/* HIGHMEM unless the boot says otherwise: one part in this many of each node's RAM. */
#ifndef QUARRY_HIGHMEM_SHARE
#define QUARRY_HIGHMEM_SHARE 8
#endif

/*
 * Lock checks: owner, recursion, order of locks, locks of interrupts (kernel/lockcheck.c). For
 * whoever changes locking: `make DEBUG_LOCKS=1`; the hosted tests have it on. 1 costs some
 * 300 KiB, 40 bytes a lock, and makes each lock operation several times as slow; 0 not an
 * instruction. The three below only count then.
 */
#ifndef QUARRY_DEBUG_LOCKS
#define QUARRY_DEBUG_LOCKS 0
#endif

/*
 * Elements in the reserve of a memory pool are filled with a pattern, and writes into them found
 * when they are taken. Costs that filling and a comparison each time the reserve is used; the
 * allocator's own elements nothing. On where locks are checked.
 */
#ifndef QUARRY_MEMPOOL_POISON
#define QUARRY_MEMPOOL_POISON QUARRY_DEBUG_LOCKS
#endif

/*
 * Checks of undefined behaviour by the compiler (kernel/ubsan.c), on the bare machine; the hosted
 * tests have their own. For whoever hunts: `make UBSAN=1`, which sets it. Twice the image.
 */
#ifndef QUARRY_UBSAN
#define QUARRY_UBSAN 0
#endif

/*
 * Each touch of memory is checked by code of the compiler's (mm/kasan.c), on the bare machine; the
 * hosted tests have their own. For whoever hunts: `make KASAN=1`, which sets both. An eighth of
 * RAM, and everything takes several times as long. A byte of shadow lies at address / 8 + OFFSET.
 */
#ifndef QUARRY_KASAN
#define QUARRY_KASAN 0
#endif
#ifndef QUARRY_KASAN_OFFSET
#define QUARRY_KASAN_OFFSET 0xdffffe0000000000UL
#endif

/*
 * Blocks of pages of orders below it have a guard of the same size behind them (mm/guard.c), unless
 * the boot option debug_guardpage_minorder= says otherwise. 0: none. Twice the memory for small
 * blocks, until that is short. KASAN sees what runs over the end of a page only with it.
 */
#ifndef QUARRY_GUARD_ORDERS
#define QUARRY_GUARD_ORDERS (QUARRY_KASAN ? 4 : 0)
#endif

/* Classes of locks that are told apart. 64 bytes each, and a bit for each pair. */
#ifndef QUARRY_LOCK_CLASSES
#define QUARRY_LOCK_CLASSES 512
#endif

/* Pairs of classes of which one was taken while the other was held. 72 bytes each. */
#ifndef QUARRY_LOCK_PAIRS
#define QUARRY_LOCK_PAIRS 2048
#endif

/* Locks that a CPU or a thread holds at once. 32 bytes each for every CPU and thread. */
#ifndef QUARRY_LOCKS_HELD
#define QUARRY_LOCKS_HELD 24
#endif

_Static_assert(PAGEBLOCK_ORDER == 9, "a section's descriptors must fill one 2 MiB page");
_Static_assert(QUARRY_GUARD_ORDERS >= 0 && QUARRY_GUARD_ORDERS < PAGEBLOCK_ORDER,
	       "QUARRY_GUARD_ORDERS: 0 to 8");
_Static_assert(QUARRY_MAX_NODES >= 1 && QUARRY_MAX_NODES <= 64, "QUARRY_MAX_NODES: 1 to 64");
_Static_assert(QUARRY_NR_CPUS >= 1 && QUARRY_NR_CPUS <= 256, "QUARRY_NR_CPUS: 1 to 256");
_Static_assert(QUARRY_MEMBLOCK_REGIONS >= 64, "QUARRY_MEMBLOCK_REGIONS: at least 64");
_Static_assert(QUARRY_BAD_PRISTINE >= 16, "QUARRY_BAD_PRISTINE: at least 16");
_Static_assert(QUARRY_KMAP_SLOTS >= 16 && QUARRY_KMAP_SLOTS % 16 == 0,
	       "QUARRY_KMAP_SLOTS: a multiple of 16");
_Static_assert(QUARRY_DEBUG_LOCKS == 0 || QUARRY_DEBUG_LOCKS == 1, "QUARRY_DEBUG_LOCKS: 0, 1");
_Static_assert(QUARRY_MEMPOOL_POISON == 0 || QUARRY_MEMPOOL_POISON == 1,
	       "QUARRY_MEMPOOL_POISON: 0, 1");
_Static_assert(QUARRY_LOCK_CLASSES >= 64 && QUARRY_LOCK_CLASSES <= 4096 &&
	       QUARRY_LOCK_CLASSES % 64 == 0, "QUARRY_LOCK_CLASSES: a multiple of 64, to 4096");
_Static_assert(QUARRY_LOCK_PAIRS >= 64 && QUARRY_LOCK_PAIRS < 65535,
	       "QUARRY_LOCK_PAIRS: 64 to 65534");
_Static_assert(QUARRY_LOCKS_HELD >= 8 && QUARRY_LOCKS_HELD <= 255, "QUARRY_LOCKS_HELD: 8 to 255");
_Static_assert(QUARRY_KMAP_LOCAL_NEST >= 2 && QUARRY_KMAP_LOCAL_NEST <= 200,
	       "QUARRY_KMAP_LOCAL_NEST: 2 to 200");
_Static_assert(QUARRY_PERCPU_AREA >= 0x200000 && QUARRY_PERCPU_AREA <= 0x800000 &&
	       QUARRY_PERCPU_AREA % 0x200000 == 0, "QUARRY_PERCPU_AREA: 2 to 8 MiB");
_Static_assert(QUARRY_KFENCE_OBJECTS >= 7 && QUARRY_KFENCE_OBJECTS <= 511 &&
	       !(QUARRY_KFENCE_OBJECTS & (QUARRY_KFENCE_OBJECTS + 1)),
	       "QUARRY_KFENCE_OBJECTS: one less than a power of two, 7 to 511");
_Static_assert(QUARRY_KFENCE_INTERVAL >= 0 && QUARRY_KFENCE_INTERVAL <= 0x7fffffff,
	       "QUARRY_KFENCE_INTERVAL: 0 to 2^31 - 1");
_Static_assert(QUARRY_HIGHMEM_SHARE >= 2, "QUARRY_HIGHMEM_SHARE: at most half of RAM");

#endif
