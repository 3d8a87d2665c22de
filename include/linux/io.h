/* SPDX-License-Identifier: MIT */
/*
 * Registers of devices in memory. The plain forms order themselves against each other and
 * against the program's accesses to memory: a write comes after all stores before it, a read
 * before all loads behind it. The _relaxed forms keep the order among themselves only. (On
 * x86_64 uncached accesses are ordered by themselves; only the compiler must be told.)
 */
#ifndef _LINUX_IO_H
#define _LINUX_IO_H

#include <linux/compiler.h>
#include <linux/types.h>

#define IO_READ(name, type) \
	static inline type name##_relaxed(const volatile void __iomem *addr) \
	{ \
		return *(const volatile type *)addr; \
	} \
	static inline type name(const volatile void __iomem *addr) \
	{ \
		type value = *(const volatile type *)addr; \
		barrier(); \
		return value; \
	}
#define IO_WRITE(name, type) \
	static inline void name##_relaxed(type value, volatile void __iomem *addr) \
	{ \
		*(volatile type *)addr = value; \
	} \
	static inline void name(type value, volatile void __iomem *addr) \
	{ \
		barrier(); \
		*(volatile type *)addr = value; \
	}

IO_READ(readb, u8)
IO_READ(readw, u16)
IO_READ(readl, u32)
IO_READ(readq, u64)
IO_WRITE(writeb, u8)
IO_WRITE(writew, u16)
IO_WRITE(writel, u32)
IO_WRITE(writeq, u64)

#undef IO_READ
#undef IO_WRITE

/*
 * Maps physical [phys, phys + size), which need not be whole pages, and returns the address of
 * its first byte. NULL, after a report, when it is empty, no address of this machine, or RAM:
 * RAM has a cached mapping already, and the same memory with another type is a mistake. The
 * types: uncached; gathered writes (framebuffers); cached; cached with immediate writes. May
 * sleep. iounmap() takes the same address: no CPU reaches the device there when it returns.
 */
void __iomem *ioremap(phys_addr_t phys, size_t size);
#define ioremap_uc(phys, size)	    ioremap(phys, size)
#define ioremap_np(phys, size)	    ioremap(phys, size)
#define ioremap_nocache(phys, size) ioremap(phys, size)
void __iomem *ioremap_wc(phys_addr_t phys, size_t size);
void __iomem *ioremap_cache(phys_addr_t phys, size_t size);
void __iomem *ioremap_wt(phys_addr_t phys, size_t size);
void iounmap(const volatile void __iomem *addr);

/*
 * The same for what behaves as memory. Whole RAM under MEMREMAP_WB is where the direct map has it
 * (HIGHMEM gets a mapping); RAM under another type alone, and what is RAM in part, is refused.
 * Of several flags the first that fits, in this order, is taken; NULL without any.
 */
#define MEMREMAP_WB 1
#define MEMREMAP_WT 2
#define MEMREMAP_WC 4
void *memremap(phys_addr_t phys, size_t size, unsigned long flags);
void memunmap(void *addr);

/* Byte by byte, or in larger pieces where both sides are aligned alike. */
void memcpy_fromio(void *to, const volatile void __iomem *from, size_t count);
void memcpy_toio(volatile void __iomem *to, const void *from, size_t count);
void memset_io(volatile void __iomem *to, int value, size_t count);

#define ioread8(addr)		readb(addr)
#define ioread16(addr)		readw(addr)
#define ioread32(addr)		readl(addr)
#define ioread64(addr)		readq(addr)
#define iowrite8(value, addr)	writeb(value, addr)
#define iowrite16(value, addr)	writew(value, addr)
#define iowrite32(value, addr)	writel(value, addr)
#define iowrite64(value, addr)	writeq(value, addr)

#endif
