// SPDX-License-Identifier: MIT
/* The examples of docs/api.md: caches of objects. */
#include <linux/list.h>
#include <linux/module.h>
#include <linux/slab.h>

struct session {
	struct list_head list;
	u32 id, used;
};

static struct kmem_cache *sessions, *others;
static int live;		/* objects that were constructed and not destroyed */

static void session_new(void *object)
{
	struct session *session = object;

	INIT_LIST_HEAD(&session->list);		/* it stays so: free them with an empty list */
}

static int __init use_kmem_cache_create(void)
{
	sessions = kmem_cache_create("sessions", sizeof(struct session), 0, SLAB_HWCACHE_ALIGN,
				     session_new);
	return sessions ? 0 : -ENOMEM;
}
module_init(use_kmem_cache_create);

static void session_begin(void *object, struct kmem_cache *cache, unsigned long flags)
{
	INIT_LIST_HEAD(&((struct session *)object)->list);
	live++;
}

static void session_end(void *object, struct kmem_cache *cache, unsigned long flags)
{
	live--;			/* its slab goes back to the page allocator */
}

static int __init use_kmem_cache_create_2_6(void)
{
	others = kmem_cache_create("others", sizeof(struct session), 0,
				   SLAB_NO_REAP | SLAB_RECLAIM_ACCOUNT, session_begin, session_end);
	return others ? 0 : -ENOMEM;
}
module_init(use_kmem_cache_create_2_6);

static int __init use_kmem_cache_alloc(void)
{
	struct session *session = kmem_cache_alloc(sessions, GFP_KERNEL);
	int error = !session ? -ENOMEM : list_empty(&session->list) ? 0 : -EINVAL;

	kmem_cache_free(sessions, session);	/* NULL is fine */
	return error;
}
module_init(use_kmem_cache_alloc);

static int __init use_kmem_cache_zalloc(void)
{
	struct kmem_cache *cache = KMEM_CACHE(session, SLAB_PANIC | SLAB_ACCOUNT);
	struct session *zeroes = kmem_cache_zalloc(cache, GFP_KERNEL);
	int error = !zeroes ? -ENOMEM : zeroes->id ? -EINVAL : 0;

	kmem_cache_free(cache, zeroes);
	return kmem_cache_destroy(cache) ?: error;
}
module_init(use_kmem_cache_zalloc);

static int __init use_kmem_cache_alloc_node(void)
{
	struct session *near = kmem_cache_alloc_node(others, GFP_KERNEL, numa_node_id());
	int error = near && live > 0 ? 0 : -ENOMEM;

	kmem_cache_free(others, near);
	return error;
}
module_init(use_kmem_cache_alloc_node);

static int __init use_kmem_cache_bulk(void)
{
	void *objects[16];

	if (!kmem_cache_alloc_bulk(sessions, GFP_KERNEL, 16, objects))
		return -ENOMEM;		/* all of them, or none */
	kmem_cache_free_bulk(sessions, 16, objects);
	return 0;
}
module_init(use_kmem_cache_bulk);

static int __init use_kmem_cache_shrink(void)
{
	if (kmem_cache_size(others) != sizeof(struct session))
		return -EINVAL;
	kmem_cache_shrink(others);	/* 0: no object is in use, and all its memory is back */
	return live ? -EINVAL : 0;
}
module_init(use_kmem_cache_shrink);

static int __init use_slab_zones(void)
{
	struct kmem_cache *isa = kmem_cache_create("isa", 128, 0, SLAB_CACHE_DMA, NULL);
	struct kmem_cache *pci = kmem_cache_create("pci", 128, 0, SLAB_CACHE_DMA32, NULL);
	void *low = isa ? kmem_cache_alloc(isa, GFP_KERNEL) : NULL;	/* below 16 MiB */

	kmem_cache_free(isa, low);
	return kmem_cache_destroy(isa) ?: kmem_cache_destroy(pci);
}
module_init(use_slab_zones);

static int __init use_slab_debug(void)
{
	slab_flags_t flags = SLAB_POISON | SLAB_RED_ZONE | SLAB_STORE_USER |
			     SLAB_CONSISTENCY_CHECKS | SLAB_PANIC;
	struct kmem_cache *cache = kmem_cache_create("checked", 40, 0, flags, NULL);
	void *object = kmem_cache_alloc(cache, GFP_KERNEL);

	kmem_cache_free(cache, object);		/* written past its end? It would say so here */
	return kmem_cache_destroy(cache);
}
module_init(use_slab_debug);

static int __init use_slab_by_rcu(void)
{
	slab_flags_t flags = SLAB_TYPESAFE_BY_RCU | SLAB_NO_MERGE | SLAB_PANIC;
	struct kmem_cache *cache = kmem_cache_create("by_rcu", 40, 0, flags, NULL);
	void *object = kmem_cache_alloc(cache, GFP_KERNEL);

	kmem_cache_free(cache, object);		/* readers may find another one there, never junk */
	return kmem_cache_destroy(cache);
}
module_init(use_slab_by_rcu);

static int __init use_kmem_cache_destroy(void)
{
	int error = kmem_cache_destroy(sessions);	/* -EBUSY: objects are left, and listed */

	return error ? error : kmem_cache_destroy(others);
}
module_init(use_kmem_cache_destroy);
