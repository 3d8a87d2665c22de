// SPDX-License-Identifier: MIT
/*
 * What belongs to a device: memory and actions that are undone when its driver gives it up, in the
 * reverse order of their making. A driver's probe function that fails half-way just returns.
 *
 *	dev->devres_head <-> entry <-> entry <-> ...	the latest first
 *			     | undo(), key, data |
 *			     | the memory ...    |	for devm_kmalloc()
 *
 * An entry is found again by what it undoes and its key: the address of the memory, the data of
 * the action.
 *
 * Locks: dev->devres_lock, a leaf, interrupts off: the list. Entries are undone outside of it, one
 * at a time, so an action may add and remove others. Costs: a list entry of 48 bytes beside the
 * memory; to free early, a walk over the list.
 */
#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/slab.h>
#include "internal.h"

struct devres {
	struct list_head node;
	void (*undo)(struct device *dev, struct devres *entry);
	const void *key;
	void (*action)(void *data);	/* for devm_add_action() */
	struct {			/* for coherent memory */
		size_t size;
		dma_addr_t handle;
	} coherent;
	u8 memory[] __aligned(16);	/* for devm_kmalloc() */
};

/* ---- The list ---- */

static void add(struct device *dev, struct devres *entry)
{
	unsigned long flags;

	spin_lock_irqsave(&dev->devres_lock, flags);
	list_add(&entry->node, &dev->devres_head);
	spin_unlock_irqrestore(&dev->devres_lock, flags);
}

/* Off the list, the latest that undoes so and has that key and action; or NULL. */
static struct devres *take(struct device *dev, void (*undo)(struct device *, struct devres *),
			   const void *key, void (*action)(void *))
{
	struct devres *found = NULL;
	struct list_head *pos;
	unsigned long flags;

	spin_lock_irqsave(&dev->devres_lock, flags);
	/* Not by entry: the list's head is in none, so it would not be aligned as one. */
	list_for_each(pos, &dev->devres_head) {
		struct devres *entry = list_entry(pos, struct devres, node);

		if (entry->undo == undo && entry->key == key && entry->action == action) {
			found = entry;
			break;
		}
	}
	if (found)
		list_del(&found->node);
	spin_unlock_irqrestore(&dev->devres_lock, flags);
	return found;
}

static struct devres *take_latest(struct device *dev)
{
	struct devres *entry = NULL;
	unsigned long flags;

	spin_lock_irqsave(&dev->devres_lock, flags);
	if (!list_empty(&dev->devres_head)) {
		entry = list_first_entry(&dev->devres_head, struct devres, node);
		list_del(&entry->node);
	}
	spin_unlock_irqrestore(&dev->devres_lock, flags);
	return entry;
}

int devres_release_all(struct device *dev)
{
	struct devres *entry;
	int nr = 0;

	while ((entry = take_latest(dev))) {
		entry->undo(dev, entry);
		kfree(entry);
		nr++;
	}
	return nr;
}

static void report_unknown(struct device *dev, const char *call, const void *key)
{
	report_misuse(QUARRY_BAD_FREE, key, "%s(%s, %px): not the device's", call, dev_name(dev),
		      key);
}

/* ---- Memory ---- */

/* It goes with its entry. */
static void undo_memory(struct device *dev, struct devres *entry)
{
}

void *devm_kmalloc(struct device *dev, size_t size, gfp_t gfp)
{
	struct devres *entry;
	size_t bytes;

	if (!size)
		return ZERO_SIZE_PTR;
	if (__builtin_add_overflow(size, sizeof(*entry), &bytes))
		return NULL;
	entry = kmalloc_node(bytes, gfp, dev_to_node(dev));
	if (!entry)
		return NULL;
	memset(entry, 0, sizeof(*entry));
	entry->undo = undo_memory;
	entry->key = entry->memory;
	add(dev, entry);
	return entry->memory;
}

void *devm_kmemdup(struct device *dev, const void *from, size_t size, gfp_t gfp)
{
	void *to = devm_kmalloc(dev, size, gfp);

	return to && size ? memcpy(to, from, size) : to;
}

char *devm_kstrdup(struct device *dev, const char *text, gfp_t gfp)
{
	return text ? devm_kmemdup(dev, text, strlen(text) + 1, gfp) : NULL;
}

char *devm_kasprintf(struct device *dev, gfp_t gfp, const char *fmt, ...)
{
	__builtin_va_list args;
	char *text;
	int length;

	__builtin_va_start(args, fmt);
	length = vsnprintf(NULL, 0, fmt, args);
	__builtin_va_end(args);
	text = devm_kmalloc(dev, (size_t)length + 1, gfp);
	if (!text)
		return NULL;
	__builtin_va_start(args, fmt);
	vsnprintf(text, (size_t)length + 1, fmt, args);
	__builtin_va_end(args);
	return text;
}

void devm_kfree(struct device *dev, const void *memory)
{
	struct devres *entry;

	if (ZERO_OR_NULL_PTR(memory))
		return;
	entry = take(dev, undo_memory, memory, NULL);
	if (entry)
		kfree(entry);
	else
		report_unknown(dev, "devm_kfree", memory);
}

/* ---- Actions ---- */

static void undo_action(struct device *dev, struct devres *entry)
{
	entry->action((void *)entry->key);
}

int devm_add_action(struct device *dev, void (*action)(void *data), void *data)
{
	struct devres *entry = kzalloc(sizeof(*entry), GFP_KERNEL);

	if (!entry)
		return -ENOMEM;
	entry->undo = undo_action;
	entry->key = data;
	entry->action = action;
	add(dev, entry);
	return 0;
}

int devm_add_action_or_reset(struct device *dev, void (*action)(void *data), void *data)
{
	int error = devm_add_action(dev, action, data);

	if (error)
		action(data);
	return error;
}

/* False, reported: it is none of the device's. */
static bool forget_action(struct device *dev, void (*action)(void *data), void *data,
			  const char *call)
{
	struct devres *entry = take(dev, undo_action, data, action);

	if (!entry)
		report_unknown(dev, call, data);
	kfree(entry);
	return entry;
}

void devm_remove_action(struct device *dev, void (*action)(void *data), void *data)
{
	forget_action(dev, action, data, "devm_remove_action");
}

void devm_release_action(struct device *dev, void (*action)(void *data), void *data)
{
	if (forget_action(dev, action, data, "devm_release_action"))
		action(data);
}

/* ---- Coherent memory and pools ---- */

static void undo_coherent(struct device *dev, struct devres *entry)
{
	dma_free_coherent(dev, entry->coherent.size, (void *)entry->key, entry->coherent.handle);
}

void *dmam_alloc_coherent(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp)
{
	struct devres *entry = kzalloc(sizeof(*entry), gfp & ~__GFP_ZERO);
	void *virt = entry ? dma_alloc_coherent(dev, size, handle, gfp) : NULL;

	if (!virt) {
		kfree(entry);
		return NULL;
	}
	entry->undo = undo_coherent;
	entry->key = virt;
	entry->coherent.size = size;
	entry->coherent.handle = *handle;
	add(dev, entry);
	return virt;
}

void dmam_free_coherent(struct device *dev, size_t size, void *virt, dma_addr_t handle)
{
	struct devres *entry = take(dev, undo_coherent, virt, NULL);

	if (!entry) {
		report_unknown(dev, "dmam_free_coherent", virt);
		return;
	}
	kfree(entry);
	dma_free_coherent(dev, size, virt, handle);
}

static void destroy_pool(void *pool)
{
	dma_pool_destroy(pool);
}

struct dma_pool *dmam_pool_create(const char *name, struct device *dev, size_t size, size_t align,
				  size_t boundary)
{
	struct dma_pool *pool = dma_pool_create(name, dev, size, align, boundary);

	return pool && devm_add_action_or_reset(dev, destroy_pool, pool) ? NULL : pool;
}

void dmam_pool_destroy(struct dma_pool *pool)
{
	devm_release_action(dma_pool_device(pool), destroy_pool, pool);
}

/* ---- Registers ---- */

static void undo_ioremap(struct device *dev, struct devres *entry)
{
	iounmap((void __iomem *)entry->key);
}

void __iomem *devm_ioremap(struct device *dev, resource_size_t start, resource_size_t size)
{
	struct devres *entry = kzalloc(sizeof(*entry), GFP_KERNEL);
	void __iomem *addr = entry ? ioremap(start, size) : NULL;

	if (!addr) {
		kfree(entry);
		return NULL;
	}
	entry->undo = undo_ioremap;
	entry->key = addr;
	add(dev, entry);
	return addr;
}

void devm_iounmap(struct device *dev, void __iomem *addr)
{
	struct devres *entry = take(dev, undo_ioremap, addr, NULL);

	if (!entry) {
		report_unknown(dev, "devm_iounmap", addr);
		return;
	}
	kfree(entry);
	iounmap(addr);
}

static void release_claim(void *data)
{
	const struct resource *claim = data;

	release_mem_region(claim->start, resource_size(claim));
}

void __iomem *devm_ioremap_resource(struct device *dev, const struct resource *res)
{
	struct resource *claim;
	void __iomem *addr;

	if (!res || resource_type(res) != IORESOURCE_MEM || (res->flags & IORESOURCE_UNSET)) {
		dev_err(dev, "no memory resource\n");
		return IOMEM_ERR_PTR(-EINVAL);
	}
	claim = request_mem_region(res->start, resource_size(res), dev_name(dev));
	if (!claim) {
		dev_err(dev, "cannot claim %#llx to %#llx\n", res->start, res->end);
		return IOMEM_ERR_PTR(-EBUSY);
	}
	if (devm_add_action_or_reset(dev, release_claim, claim))
		return IOMEM_ERR_PTR(-ENOMEM);
	addr = devm_ioremap(dev, res->start, resource_size(res));
	if (addr)
		return addr;
	devm_release_action(dev, release_claim, claim);
	dev_err(dev, "cannot map %#llx to %#llx\n", res->start, res->end);
	return IOMEM_ERR_PTR(-ENOMEM);
}
