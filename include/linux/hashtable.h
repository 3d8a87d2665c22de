/* SPDX-License-Identifier: MIT */
/* Tables of 2^bits lists, chosen by the hash of a key. Callers lock. */
#ifndef _LINUX_HASHTABLE_H
#define _LINUX_HASHTABLE_H

#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/log2.h>

#define DECLARE_HASHTABLE(name, bits) struct hlist_head name[1 << (bits)]
#define DEFINE_HASHTABLE(name, bits)  DECLARE_HASHTABLE(name, bits) = { { NULL } }
#define HASH_SIZE(table) ARRAY_SIZE(table)
#define HASH_BITS(table) ilog2(HASH_SIZE(table))

#define hash_min(key, bits) \
	(sizeof(key) <= 4 ? hash_32((u32)(key), bits) : hash_64((u64)(key), bits))
#define __hash_list(table, key) (&(table)[hash_min(key, HASH_BITS(table))])

#define hash_init(table) do { \
	for (unsigned int _b = 0; _b < HASH_SIZE(table); _b++) \
		INIT_HLIST_HEAD(&(table)[_b]); \
} while (0)
#define hash_add(table, node, key) hlist_add_head(node, __hash_list(table, key))
#define hash_del(node)		   hlist_del_init(node)
#define hash_hashed(node)	   (!hlist_unhashed(node))
#define hash_empty(table) ({ \
	bool _empty = true; \
	for (unsigned int _b = 0; _b < HASH_SIZE(table); _b++) \
		_empty &= hlist_empty(&(table)[_b]); \
	_empty; })

/* A loop inside that was left with an object ends this one too. */
#define __hash_for_each_list(table, bucket, object) \
	for ((bucket) = 0, (object) = NULL; \
	     !(object) && (bucket) < (int)HASH_SIZE(table); (bucket)++)

/* All objects; _safe: the loop may take `object` out. */
#define hash_for_each(table, bucket, object, member) \
	__hash_for_each_list(table, bucket, object) \
		hlist_for_each_entry(object, &(table)[bucket], member)
#define hash_for_each_safe(table, bucket, tmp, object, member) \
	__hash_for_each_list(table, bucket, object) \
		hlist_for_each_entry_safe(object, tmp, &(table)[bucket], member)
/* Those whose key may be this one: the caller compares. */
#define hash_for_each_possible(table, object, member, key) \
	hlist_for_each_entry(object, __hash_list(table, key), member)
#define hash_for_each_possible_safe(table, object, tmp, member, key) \
	hlist_for_each_entry_safe(object, tmp, __hash_list(table, key), member)

#endif
