/* SPDX-License-Identifier: MIT */
/*
 * What of memory may be touched, told to the address sanitizer: mm/kasan.c, in the build
 * `make KASAN=1`. In all others these are nothing.
 */
#ifndef _LINUX_KASAN_H
#define _LINUX_KASAN_H

#include <linux/types.h>
#include <quarry/config.h>

/* What a byte of shadow says of eight bytes: 0: all may be touched; 1 to 7: so many. */
#define KASAN_PAGE_FREE		0xff
#define KASAN_PAGE_REDZONE	0xfe
#define KASAN_VMALLOC_INVALID	0xfd
#define KASAN_SLAB_REDZONE	0xfc
#define KASAN_SLAB_FREE		0xfb
#define KASAN_GLOBAL_REDZONE	0xf9
#define KASAN_PAGE_GUARD	0xf7
#define KASAN_STACK_LEFT	0xf1	/* to 0xf4: the compiler's own */
#define KASAN_ALLOCA_LEFT	0xca
#define KASAN_ALLOCA_RIGHT	0xcb

#if QUARRY_KASAN
/* Nobody may touch [start, start + size): from a multiple of 8 on, up to one. */
void kasan_poison(const void *start, size_t size, u8 value);
/* Everybody may, to the byte. */
void kasan_unpoison(const void *start, size_t size);
/* An object or block of `has` bytes of which `size` are somebody's; the rest is `value`. */
void kasan_give(const void *object, size_t size, size_t has, u8 value);
/* Looks before code that the compiler does not see, in assembly. */
void kasan_check_range(const void *start, size_t size, bool write);
/* This CPU is not checked in between. They nest. */
void kasan_pause(void);
void kasan_resume(void);
#else
static inline void kasan_poison(const void *start, size_t size, u8 value) { }
static inline void kasan_unpoison(const void *start, size_t size) { }
static inline void kasan_give(const void *object, size_t size, size_t has, u8 value) { }
static inline void kasan_check_range(const void *start, size_t size, bool write) { }
static inline void kasan_pause(void) { }
static inline void kasan_resume(void) { }
#endif

#endif
