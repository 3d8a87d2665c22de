/* SPDX-License-Identifier: MIT */
/* Port I/O. The compiler keeps these in order among each other and among volatile accesses. */
#ifndef ARCH_X86_64_IO_H
#define ARCH_X86_64_IO_H

#include <linux/types.h>

static inline u8 inb(u16 port)
{
	u8 value;

	__asm__ __volatile__("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline u16 inw(u16 port)
{
	u16 value;

	__asm__ __volatile__("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline u32 inl(u16 port)
{
	u32 value;

	__asm__ __volatile__("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline void outb(u8 value, u16 port)
{
	__asm__ __volatile__("outb %0, %1" :: "a"(value), "Nd"(port) : "memory");
}

static inline void outw(u16 value, u16 port)
{
	__asm__ __volatile__("outw %0, %1" :: "a"(value), "Nd"(port) : "memory");
}

static inline void outl(u32 value, u16 port)
{
	__asm__ __volatile__("outl %0, %1" :: "a"(value), "Nd"(port) : "memory");
}

static inline void outsb(u16 port, const void *from, size_t count)
{
	__asm__ __volatile__("rep outsb" : "+S"(from), "+c"(count) : "d"(port) : "memory");
}

#endif
