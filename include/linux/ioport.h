/* SPDX-License-Identifier: MIT */
/* Ranges of addresses that a device answers to. */
#ifndef _LINUX_IOPORT_H
#define _LINUX_IOPORT_H

#include <linux/types.h>

struct resource {
	resource_size_t start, end;	/* both inclusive */
	const char *name;
	unsigned long flags;
};

#define IORESOURCE_IO	    0x00000100
#define IORESOURCE_MEM	    0x00000200
#define IORESOURCE_IRQ	    0x00000400
#define IORESOURCE_PREFETCH 0x00002000
#define IORESOURCE_READONLY 0x00004000
#define IORESOURCE_MEM_64   0x00100000
#define IORESOURCE_UNSET    0x20000000	/* its size is known, but no address was given to it */
#define IORESOURCE_BUSY	    0x80000000	/* a driver claimed it */

static inline resource_size_t resource_size(const struct resource *res)
{
	return res->end - res->start + 1;
}

static inline unsigned long resource_type(const struct resource *res)
{
	return res->flags & (IORESOURCE_IO | IORESOURCE_MEM | IORESOURCE_IRQ);
}

/* The two spaces of addresses. */
extern struct resource iomem_resource, ioport_resource;

/*
 * Claims device addresses, or I/O ports, for one driver: NULL when somebody has claimed some of
 * them, some are RAM, or there is no memory. May sleep. What is released must be what was claimed.
 */
struct resource *__request_region(struct resource *space, resource_size_t start,
				  resource_size_t size, const char *name, int flags);
void __release_region(struct resource *space, resource_size_t start, resource_size_t size);

static inline struct resource *request_mem_region(resource_size_t start, resource_size_t size,
						  const char *name)
{
	return __request_region(&iomem_resource, start, size, name, 0);
}

static inline void release_mem_region(resource_size_t start, resource_size_t size)
{
	__release_region(&iomem_resource, start, size);
}

static inline struct resource *request_region(resource_size_t start, resource_size_t size,
					      const char *name)
{
	return __request_region(&ioport_resource, start, size, name, 0);
}

static inline void release_region(resource_size_t start, resource_size_t size)
{
	__release_region(&ioport_resource, start, size);
}

#endif
