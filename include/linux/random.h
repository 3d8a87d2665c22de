/* SPDX-License-Identifier: MIT */
/*
 * Random numbers, any context. Good for choosing, spreading and testing; they can be guessed by
 * who knows when the machine was started, so they are not for keys. See kernel/random.c.
 */
#ifndef _LINUX_RANDOM_H
#define _LINUX_RANDOM_H

#include <linux/types.h>

u64 get_random_u64(void);
/* Fills a buffer. */
void get_random_bytes(void *buffer, size_t size);
/* From 0 to below - 1, each as likely; 0 for 0. */
u32 get_random_u32_below(u32 below);

static inline u32 get_random_u32(void) { return (u32)(get_random_u64() >> 32); }
static inline u16 get_random_u16(void) { return (u16)(get_random_u64() >> 48); }
static inline u8 get_random_u8(void) { return (u8)(get_random_u64() >> 56); }
static inline unsigned long get_random_long(void) { return get_random_u64(); }
static inline unsigned int get_random_int(void) { return get_random_u32(); }
/* From low to high, both included. */
static inline u32 get_random_u32_inclusive(u32 low, u32 high)
{
	return high - low == ~0U ? get_random_u32() : low + get_random_u32_below(high - low + 1);
}

static inline u32 get_random_u32_above(u32 low)
{
	return get_random_u32_inclusive(low + 1, ~0U);
}

static inline int wait_for_random_bytes(void) { return 0; }
#define get_random_bytes_wait(buffer, size) (get_random_bytes(buffer, size), 0)

/* The names up to Linux 6.1. */
#define prandom_u32()		    get_random_u32()
#define prandom_u32_max(below)	    get_random_u32_below(below)
#define prandom_bytes(buffer, size) get_random_bytes(buffer, size)
#define random32()		    get_random_u32()

#endif
