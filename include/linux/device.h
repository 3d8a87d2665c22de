/* SPDX-License-Identifier: MIT */
/*
 * A device, as far as memory is concerned: its name for the log, the addresses it can reach,
 * who drives it.
 */
#ifndef _LINUX_DEVICE_H
#define _LINUX_DEVICE_H

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/numa.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#define DEVICE_NAME_SIZE 32

struct device_driver {
	const char *name;
};

struct device {
	struct device *parent;
	char name[DEVICE_NAME_SIZE];
	const struct device_driver *driver; /* NULL while nobody drives it */
	void *platform_data, *driver_data;
	u64 *dma_mask;			/* of streaming mappings; NULL: it does no DMA */
	u64 coherent_dma_mask;
	u64 bus_dma_limit;		/* the highest address its bus passes on; 0: any */
	int numa_node;
	spinlock_t devres_lock;		/* guards the next */
	struct list_head devres_head;	/* what is freed with its driver, the latest first */
	atomic_t refs;
	void (*release)(struct device *dev); /* at the last put_device() */
};

/* Makes a device usable whose memory is cleared: one reference, no name, no DMA. */
void device_initialize(struct device *dev);
/* 0, or -E2BIG with the name cut. */
int dev_set_name(struct device *dev, const char *fmt, ...) __printf(2, 3);
/* NULL is passed through by both. Any context. */
struct device *get_device(struct device *dev);
void put_device(struct device *dev);

static inline const char *dev_name(const struct device *dev)
{
	return dev ? dev->name : "(NULL device *)";
}

/* Who drives it, for the log. */
static inline const char *dev_driver_string(const struct device *dev)
{
	return dev && dev->driver ? dev->driver->name : "device";
}

static inline void *dev_get_drvdata(const struct device *dev)
{
	return dev->driver_data;
}

static inline void dev_set_drvdata(struct device *dev, void *data)
{
	dev->driver_data = data;
}

static inline int dev_to_node(const struct device *dev)
{
	return dev->numa_node;
}

static inline void set_dev_node(struct device *dev, int node)
{
	dev->numa_node = node;
}

#define dev_printk(level, dev, fmt, args...) \
	printk(level "%s %s: " fmt, dev_driver_string(dev), dev_name(dev), ##args)
#define dev_emerg(dev, fmt, args...)  dev_printk(KERN_EMERG, dev, fmt, ##args)
#define dev_err(dev, fmt, args...)    dev_printk(KERN_ERR, dev, fmt, ##args)
#define dev_warn(dev, fmt, args...)   dev_printk(KERN_WARNING, dev, fmt, ##args)
#define dev_notice(dev, fmt, args...) dev_printk(KERN_NOTICE, dev, fmt, ##args)
#define dev_info(dev, fmt, args...)   dev_printk(KERN_INFO, dev, fmt, ##args)
/* Compiled, never printed. */
#define dev_dbg(dev, fmt, args...) \
	do { if (0) dev_printk(KERN_DEBUG, dev, fmt, ##args); } while (0)
/* For the last line of a probe function: says why, and gives the error on. */
#define dev_err_probe(dev, error, fmt, args...) ({ \
	int _error = (error); \
	dev_err(dev, "error %d: " fmt, _error, ##args); \
	_error; })

/*
 * Memory and actions that belong to the device: undone, the latest first, when its driver has given
 * it up (devres_release_all(), which buses call). See mm/devres.c. May sleep as gfp says.
 */
void *devm_kmalloc(struct device *dev, size_t size, gfp_t gfp);
void *devm_kmemdup(struct device *dev, const void *from, size_t size, gfp_t gfp);
char *devm_kstrdup(struct device *dev, const char *text, gfp_t gfp);
char *devm_kasprintf(struct device *dev, gfp_t gfp, const char *fmt, ...) __printf(3, 4);
/* Earlier. What is not the device's is reported. NULL does nothing. */
void devm_kfree(struct device *dev, const void *memory);

static inline void *devm_kzalloc(struct device *dev, size_t size, gfp_t gfp)
{
	return devm_kmalloc(dev, size, gfp | __GFP_ZERO);
}

static inline void *devm_kmalloc_array(struct device *dev, size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	return __builtin_mul_overflow(n, size, &bytes) ? NULL : devm_kmalloc(dev, bytes, gfp);
}

static inline void *devm_kcalloc(struct device *dev, size_t n, size_t size, gfp_t gfp)
{
	return devm_kmalloc_array(dev, n, size, gfp | __GFP_ZERO);
}

/* action(data) is called then: 0 or -ENOMEM; the second form calls it at once if it fails. */
int devm_add_action(struct device *dev, void (*action)(void *data), void *data);
int devm_add_action_or_reset(struct device *dev, void (*action)(void *data), void *data);
/* Not any more; the second form calls it now. One that was not added is reported. */
void devm_remove_action(struct device *dev, void (*action)(void *data), void *data);
void devm_release_action(struct device *dev, void (*action)(void *data), void *data);

struct resource;
/*
 * Maps registers (linux/io.h). The last form claims them first; what is wrong it says on the log,
 * and gives as an error pointer: -EINVAL, -EBUSY or -ENOMEM.
 */
void __iomem *devm_ioremap(struct device *dev, resource_size_t start, resource_size_t size);
#define devm_ioremap_nocache(dev, start, size) devm_ioremap(dev, start, size)
void devm_iounmap(struct device *dev, void __iomem *addr);
void __iomem *devm_ioremap_resource(struct device *dev, const struct resource *res);
#define IOMEM_ERR_PTR(error) ((void __iomem *)ERR_PTR(error))

/* Undoes all that is left; what they add meanwhile too. May sleep. Returns how many. */
int devres_release_all(struct device *dev);

#endif
