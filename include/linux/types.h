/* SPDX-License-Identifier: MIT */
/* The integer names of the Linux API, for an LP64 compiler in freestanding mode. */
#ifndef _LINUX_TYPES_H
#define _LINUX_TYPES_H

#define NULL ((void *)0)

typedef unsigned char      u8;
typedef unsigned short     u16;
typedef unsigned int       u32;
typedef unsigned long long u64;
typedef signed char        s8;
typedef short              s16;
typedef int                s32;
typedef long long          s64;
typedef u8 __u8; typedef u16 __u16; typedef u32 __u32; typedef u64 __u64;
typedef u16 __le16, __be16; typedef u32 __le32, __be32; typedef u64 __le64, __be64;
typedef s8 __s8; typedef s16 __s16; typedef s32 __s32; typedef s64 __s64;
typedef u8 uint8_t; typedef u16 uint16_t; typedef u32 uint32_t;
typedef s8 int8_t; typedef s16 int16_t; typedef s32 int32_t;
typedef u64 uint64_t;
typedef s64 int64_t;

typedef __SIZE_TYPE__    size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef long             ssize_t;
typedef long long        loff_t;
typedef unsigned long    pgoff_t;
typedef u64              sector_t;
typedef unsigned short   umode_t;
typedef unsigned long    uintptr_t;
typedef long             intptr_t;
typedef unsigned int     uint;
typedef unsigned long    ulong;

#define SIZE_MAX (~(size_t)0)

typedef _Bool bool;
#define true  1
#define false 0

typedef u64 phys_addr_t;	/* a byte address on the memory bus */
typedef u64 dma_addr_t;		/* a byte address as a device sees it */
typedef u64 resource_size_t;
typedef unsigned int gfp_t;	/* see linux/gfp.h */

typedef struct { int counter; } atomic_t;
typedef struct { s64 counter; } atomic64_t;
typedef struct { long counter; } atomic_long_t;

struct list_head { struct list_head *next, *prev; };
struct callback_head {
	struct callback_head *next;
	void (*func)(struct callback_head *head);
};
#define rcu_head callback_head
struct hlist_head { struct hlist_node *first; };
struct hlist_node { struct hlist_node *next, **pprev; };

#define offsetof(type, member) __builtin_offsetof(type, member)

#endif
