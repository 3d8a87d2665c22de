/* SPDX-License-Identifier: MIT */
/*
 * Objects smaller than pages: caches of one kind of object, and kmalloc().
 *
 * Any context, if the flags do not allow sleeping; but not NMIs. What a cache hands out is
 * aligned as the cache says; what kmalloc() hands out to 8 bytes, from 16 bytes up to 16, and
 * sizes that are powers of two to their size.
 */
#ifndef _LINUX_SLAB_H
#define _LINUX_SLAB_H

#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

typedef unsigned int slab_flags_t;

#define SLAB_CONSISTENCY_CHECKS	((slab_flags_t)0x00000100)
#define SLAB_RED_ZONE		((slab_flags_t)0x00000400)
#define SLAB_POISON		((slab_flags_t)0x00000800)
#define SLAB_HWCACHE_ALIGN	((slab_flags_t)0x00002000) /* no line is shared in vain */
#define SLAB_CACHE_DMA		((slab_flags_t)0x00004000) /* pages of ZONE_DMA */
#define SLAB_CACHE_DMA32	((slab_flags_t)0x00008000) /* pages below 4 GiB */
#define SLAB_STORE_USER		((slab_flags_t)0x00010000)
#define SLAB_RECLAIM_ACCOUNT	((slab_flags_t)0x00020000) /* reclaimable page blocks */
#define SLAB_PANIC		((slab_flags_t)0x00040000) /* if it cannot be made: the end */
/* Memory stays objects of this cache until a grace period has passed. */
#define SLAB_TYPESAFE_BY_RCU	((slab_flags_t)0x00080000)
#define SLAB_TRACE		((slab_flags_t)0x00200000)
#define SLAB_NO_MERGE		((slab_flags_t)0x01000000) /* caches are never merged here */
#define SLAB_NO_REAP		((slab_flags_t)0x02000000) /* left alone when memory is short */
#define SLAB_ACCOUNT		((slab_flags_t)0x04000000) /* accepted */
#define SLAB_MEM_SPREAD		((slab_flags_t)0)
#define SLAB_NOLEAKTRACE	((slab_flags_t)0)
#define SLAB_TEMPORARY		SLAB_RECLAIM_ACCOUNT
#define SLAB_DESTROY_BY_RCU	SLAB_TYPESAFE_BY_RCU	/* the name up to Linux 4.11 */
#define SLAB_DEBUG_FREE		SLAB_CONSISTENCY_CHECKS	/* up to 4.5 */
#define SLAB_MUST_HWCACHE_ALIGN	SLAB_HWCACHE_ALIGN	/* up to 2.6.21 */
#define SLAB_DEBUG_INITIAL	((slab_flags_t)0)	/* the same */

#define SLAB_CTOR_CONSTRUCTOR	1UL	/* what the constructors of Linux 2.6 are told */
#define SLAB_CTOR_ATOMIC	2UL	/* never told here */
#define SLAB_CTOR_VERIFY	4UL

/* The names that caches had for GFP flags, up to Linux 2.6.19. */
#define SLAB_KERNEL		GFP_KERNEL
#define SLAB_ATOMIC		GFP_ATOMIC
#define SLAB_USER		GFP_USER
#define SLAB_NOIO		GFP_NOIO
#define SLAB_NOFS		GFP_NOFS
#define SLAB_DMA		GFP_DMA

#define ARCH_KMALLOC_MINALIGN	8
#define ARCH_SLAB_MINALIGN	8

/* What allocations of no bytes get: not NULL, and nobody may touch it. */
#define ZERO_SIZE_PTR ((void *)16)
#define ZERO_OR_NULL_PTR(p) ((unsigned long)(p) <= (unsigned long)ZERO_SIZE_PTR)

struct kmem_cache;
typedef struct kmem_cache kmem_cache_t;	/* the name up to Linux 2.6.19 */

/* ---- Caches ---- */

/*
 * A cache of objects of `size` bytes. Three forms, told apart by the number of arguments:
 *
 *	kmem_cache_create(name, size, args, flags)	  struct kmem_cache_args, or NULL
 *	kmem_cache_create(name, size, align, flags, ctor)	  void ctor(void *object)
 *	kmem_cache_create(name, size, align, flags, ctor, dtor)
 *		both: void fn(void *object, struct kmem_cache *cache, unsigned long flags)
 *
 * A constructor sees each object once, when its memory becomes part of the cache; users give
 * objects back in constructed state. __GFP_ZERO would undo that: reported, once for a cache.
 * A constructor runs in the context of an allocation. The destructor runs when memory leaves the
 * cache: on whatever CPU, in whatever frees an object or asks for memory, so interrupts may be off,
 * or it may be in one; it must not sleep.
 * May sleep. NULL, after a message, for sizes and alignments that
 * cannot be, or without memory; with SLAB_PANIC that is the end.
 */
#define kmem_cache_create(name, size, align, flags, ...) \
	__KMEM_CACHE_CREATE(0, ##__VA_ARGS__, __kmem_cache_create2, __kmem_cache_create1, \
			    __kmem_cache_create_args)(name, size, align, flags, ##__VA_ARGS__)
#define __KMEM_CACHE_CREATE(zero, ctor, dtor, form, ...) form

struct kmem_cache_args {
	unsigned int align;
	unsigned int useroffset, usersize;	/* accepted, as the next two */
	unsigned int freeptr_offset;
	bool use_freeptr_offset;
	void (*ctor)(void *object);
};

struct kmem_cache *__kmem_cache_create1(const char *name, size_t size, size_t align,
					slab_flags_t flags, void (*ctor)(void *object));
struct kmem_cache *__kmem_cache_create2(const char *name, size_t size, size_t align,
	slab_flags_t flags,
	void (*ctor)(void *object, struct kmem_cache *cache, unsigned long flags),
	void (*dtor)(void *object, struct kmem_cache *cache, unsigned long flags));

static inline struct kmem_cache *__kmem_cache_create_args(const char *name, size_t size,
							  const struct kmem_cache_args *args,
							  slab_flags_t flags)
{
	return __kmem_cache_create1(name, size, args ? args->align : 0, flags,
				    args ? args->ctor : NULL);
}

#define KMEM_CACHE(type, flags) \
	kmem_cache_create(#type, sizeof(struct type), __alignof__(struct type), flags, NULL)
#define kmem_cache_create_usercopy(name, size, align, flags, offset, bytes, ctor) \
	__kmem_cache_create1(name, size, align, flags, ctor)

/*
 * The end of a cache all of whose objects were freed: 0. Otherwise it says which are left, and
 * by whom if that is known, returns -EBUSY, and the cache stays usable. May sleep. NULL is fine.
 */
int kmem_cache_destroy(struct kmem_cache *cache);
/* Gives back the memory of free objects. 0, or 1 when slabs with objects in use are left. */
int kmem_cache_shrink(struct kmem_cache *cache);
unsigned int kmem_cache_size(struct kmem_cache *cache);

void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp) __malloc;
void *kmem_cache_alloc_node(struct kmem_cache *cache, gfp_t gfp, int nid) __malloc;
/* NULL is fine. An object of another cache, or none, or freed already, is reported and left. */
void kmem_cache_free(struct kmem_cache *cache, void *object);

/* All of `nr` objects, or none: returns nr or 0. */
int kmem_cache_alloc_bulk(struct kmem_cache *cache, gfp_t gfp, size_t nr, void **objects);
void kmem_cache_free_bulk(struct kmem_cache *cache, size_t nr, void **objects);

static inline void *kmem_cache_zalloc(struct kmem_cache *cache, gfp_t gfp)
{
	return kmem_cache_alloc(cache, gfp | __GFP_ZERO);
}

/* ---- kmalloc ---- */

/*
 * Size classes: 8, 16, 32, 48, … 128; above, eight for each doubling, up to 128 KiB. Their number
 * from a size, 1 to KMALLOC_MAX_CACHE_SIZE.
 */
#define KMALLOC_MAX_CACHE_SIZE	0x20000UL
#define KMALLOC_MAX_SIZE	0x400000UL	/* of what comes straight from pages */
#define KMALLOC_MIN_SIZE	8
#define KMALLOC_CLASSES		89

extern struct kmem_cache *const kmalloc_caches[KMALLOC_CLASSES];

static __always_inline unsigned int __kmalloc_class(size_t size)
{
	unsigned int top;

	if (size <= 8)
		return 0;
	if (size <= 128)
		return 1 + (unsigned int)(size - 1) / 16;
	top = 63 - (unsigned int)__builtin_clzl(size - 1);
	return 8 * (top - 6) + (unsigned int)((size - 1) >> (top - 3)) - 7;
}

/* Flags that choose other caches than the usual ones. */
#define __KMALLOC_OTHER (__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM | __GFP_RECLAIMABLE | \
			 __GFP_MOVABLE)

void *__kmalloc(size_t size, gfp_t gfp) __malloc;
void *__kmalloc_node(size_t size, gfp_t gfp, int nid) __malloc;

/*
 * `size` bytes, physically contiguous, not cleared. Up to 128 KiB from size classes, up to 4 MiB
 * from pages; more gives NULL and a warning. kmalloc(0) gives ZERO_SIZE_PTR.
 */
static __always_inline void *kmalloc(size_t size, gfp_t gfp)
{
	/* With KASAN it matters how many bytes of the class are asked for. */
	if (!QUARRY_KASAN && __builtin_constant_p(size) && size &&
	    size <= KMALLOC_MAX_CACHE_SIZE && __builtin_constant_p(gfp) && !(gfp & __KMALLOC_OTHER))
		return kmem_cache_alloc(kmalloc_caches[__kmalloc_class(size)], gfp);
	return __kmalloc(size, gfp);
}

static __always_inline void *kmalloc_node(size_t size, gfp_t gfp, int nid)
{
	return __kmalloc_node(size, gfp, nid);
}

static __always_inline void *kzalloc(size_t size, gfp_t gfp)
{
	return kmalloc(size, gfp | __GFP_ZERO);
}

static __always_inline void *kzalloc_node(size_t size, gfp_t gfp, int nid)
{
	return __kmalloc_node(size, gfp | __GFP_ZERO, nid);
}

/* n * size bytes; NULL when the product overflows. */
static __always_inline void *kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	return kmalloc(size_mul(n, size), gfp);
}

static __always_inline void *kmalloc_array_node(size_t n, size_t size, gfp_t gfp, int nid)
{
	return __kmalloc_node(size_mul(n, size), gfp, nid);
}

static __always_inline void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return kmalloc_array(n, size, gfp | __GFP_ZERO);
}

static __always_inline void *kcalloc_node(size_t n, size_t size, gfp_t gfp, int nid)
{
	return kmalloc_array_node(n, size, gfp | __GFP_ZERO, nid);
}

/* NULL and ZERO_SIZE_PTR are fine; so are objects of any cache. */
void kfree(const void *object);
/* The same, cleared before. */
void kfree_sensitive(const void *object);
#define kzfree(object) kfree_sensitive(object)
void kfree_bulk(size_t nr, void **objects);
#define kfree_const(text) kfree(text)	/* what kstrdup_const() gave */

DEFINE_FREE(kfree, void *, if (!IS_ERR_OR_NULL(_T)) kfree(_T))
DEFINE_FREE(kfree_sensitive, void *, if (_T) kfree_sensitive(_T))

/*
 * The first bytes of what was there, at least `size` in all: in place where the room suffices.
 * NULL: kmalloc(). Size 0 frees and gives ZERO_SIZE_PTR. When it fails the old one stays. With
 * __GFP_ZERO from the first allocation on, what is behind `size` is always cleared.
 */
void *krealloc(const void *object, size_t size, gfp_t gfp);

static inline void *krealloc_array(void *object, size_t n, size_t size, gfp_t gfp)
{
	return krealloc(object, size_mul(n, size), gfp);
}

/* How many bytes may be used there; 0 for NULL and ZERO_SIZE_PTR. */
size_t ksize(const void *object);
/* How many bytes kmalloc(size) would really have. */
size_t kmalloc_size_roundup(size_t size);

/* ---- From kmalloc() if that has it at once, else from vmalloc(): kvmalloc.c ---- */

/*
 * Physically contiguous only where that is cheap. Above a page, where kmalloc() has no such block
 * without reclaim, from vmalloc(); for that gfp must allow sleeping. NULL on failure.
 */
void *kvmalloc_node(size_t size, gfp_t gfp, int nid);
#define kvmalloc(size, gfp)		 kvmalloc_node(size, gfp, NUMA_NO_NODE)
#define kvzalloc(size, gfp)		 kvmalloc_node(size, (gfp) | __GFP_ZERO, NUMA_NO_NODE)
#define kvzalloc_node(size, gfp, nid)	 kvmalloc_node(size, (gfp) | __GFP_ZERO, nid)
#define kvmalloc_array(n, size, gfp)	 kvmalloc_node(size_mul(n, size), gfp, NUMA_NO_NODE)
#define kvcalloc(n, size, gfp)		 kvmalloc_array(n, size, (gfp) | __GFP_ZERO)
#define kvmalloc_array_node(n, size, gfp, nid) kvmalloc_node(size_mul(n, size), gfp, nid)
#define kvcalloc_node(n, size, gfp, nid) kvmalloc_array_node(n, size, (gfp) | __GFP_ZERO, nid)
void *kvmemdup(const void *source, size_t size, gfp_t gfp);
/* What any of kmalloc(), vmalloc(), kvmalloc() gave. NULL is fine. As vfree() for vmalloc()'s. */
void kvfree(const void *addr);
void kvfree_sensitive(const void *addr, size_t size);
DEFINE_FREE(kvfree, void *, if (!IS_ERR_OR_NULL(_T)) kvfree(_T))
/* As krealloc(), for what kvmalloc() gave. Before Linux 6.12 the old size came second. */
void *__kvrealloc(const void *addr, size_t size, gfp_t gfp);
#define __kvrealloc3(addr, size, gfp)		__kvrealloc(addr, size, gfp)
#define __kvrealloc4(addr, old_size, size, gfp) __kvrealloc(addr, size, gfp)
#define __kvrealloc_pick(a, b, c, d, name, ...) name
#define kvrealloc(...) \
	__kvrealloc_pick(__VA_ARGS__, __kvrealloc4, __kvrealloc3)(__VA_ARGS__)

#endif
