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

#define ioread8(addr)		readb(addr)
#define ioread16(addr)		readw(addr)
#define ioread32(addr)		readl(addr)
#define ioread64(addr)		readq(addr)
#define iowrite8(value, addr)	writeb(value, addr)
#define iowrite16(value, addr)	writew(value, addr)
#define iowrite32(value, addr)	writel(value, addr)
#define iowrite64(value, addr)	writeq(value, addr)

#endif
