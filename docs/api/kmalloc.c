// SPDX-License-Identifier: MIT
/* The examples of docs/api.md: kmalloc. */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

static int __init use_kmalloc(void)
{
	char *text = kmalloc(64, GFP_KERNEL);

	if (!text)
		return -ENOMEM;
	strcpy(text, "64 bytes in one piece, not cleared");
	kfree(text);
	return 0;
}
module_init(use_kmalloc);

static int __init use_kzalloc(void)
{
	u64 *number = kzalloc(sizeof(*number), GFP_KERNEL);
	int error = !number ? -ENOMEM : *number ? -EINVAL : 0;

	kfree(number);		/* NULL is fine */
	return error;
}
module_init(use_kzalloc);

static int __init use_kcalloc(void)
{
	u32 *table = kcalloc(100, sizeof(*table), GFP_KERNEL);
	u32 *other = kmalloc_array(100, sizeof(*other), GFP_KERNEL);
	int error = !table || !other ? -ENOMEM : table[99] ? -EINVAL : 0;

	kfree(table);
	kfree(other);
	return error;
}
module_init(use_kcalloc);

static int __init use_free(void)
{
	u64 *number __free(kfree) = kmalloc(sizeof(*number), GFP_KERNEL);
	u64 *other __free(kvfree) = kvmalloc(sizeof(*other), GFP_KERNEL);

	if (!number || !other)
		return -ENOMEM;		/* what there is, is freed, here and below */
	kfree(no_free_ptr(number));	/* from now on it is somebody else's */
	return 0;
}
module_init(use_free);

static int __init use_krealloc(void)
{
	u32 *table = krealloc_array(NULL, 10, sizeof(*table), GFP_KERNEL);
	u32 *longer = table ? krealloc(table, 8000, GFP_KERNEL) : NULL;

	kfree(longer ? longer : table);		/* on NULL the old one stays */
	return longer ? 0 : -ENOMEM;
}
module_init(use_krealloc);

static int __init use_ksize(void)
{
	size_t size = kmalloc_size_roundup(100);	/* what 100 bytes take: 112 */
	char *text = kmalloc(size, GFP_KERNEL);
	bool all = text && ksize(text) == size;		/* so all of it may be used */

	kfree(text);
	return all ? 0 : -EINVAL;
}
module_init(use_ksize);

static int __init use_kfree_sensitive(void)
{
	char *key = kstrdup("secret", GFP_KERNEL);

	if (!key)
		return -ENOMEM;
	kfree_sensitive(key);	/* cleared first, all of ksize() */
	return 0;
}
module_init(use_kfree_sensitive);

static int __init use_kmemdup(void)
{
	static const u16 primes[] = { 2, 3, 5, 7 };
	u16 *copy = kmemdup(primes, sizeof(primes), GFP_KERNEL);
	u16 *same = kmemdup_array(primes, ARRAY_SIZE(primes), sizeof(*primes), GFP_KERNEL);
	int error = !copy || !same ? -ENOMEM : memcmp(copy, same, sizeof(primes)) ? -EINVAL : 0;

	kfree(copy), kfree(same);
	return error;
}
module_init(use_kmemdup);

static int __init use_kstrdup(void)
{
	char *text[] = { kstrdup("text", GFP_KERNEL), kstrndup("text, cut", 4, GFP_KERNEL),
			 kmemdup_nul("textual", 4, GFP_KERNEL),
			 kasprintf(GFP_KERNEL, "%s", "text") };
	int good = 0;

	for (int i = 0; i < 4; kfree(text[i++]))
		good += text[i] && !strcmp(text[i], "text");
	return good == 4 ? 0 : -ENOMEM;
}
module_init(use_kstrdup);

static int __init use_kmalloc_node(void)
{
	int node = numa_node_id();
	void *here = kmalloc_node(256, GFP_KERNEL, node);
	void *zeroes = kzalloc_node(256, GFP_KERNEL | __GFP_THISNODE, node);

	kfree(here), kfree(zeroes);
	return here ? 0 : -ENOMEM;
}
module_init(use_kmalloc_node);

static int __init use_kvmalloc(void)
{
	void *any = kvmalloc(1 << 20, GFP_KERNEL), *zeroes = kvzalloc(5000, GFP_KERNEL);
	u64 *table = kvmalloc_array(100000, sizeof(u64), GFP_KERNEL);
	u64 *counts = kvcalloc(100000, sizeof(u64), GFP_KERNEL);
	bool all = any && zeroes && table && counts;

	kvfree(any), kvfree(zeroes), kvfree(table), kvfree(counts);
	return all ? 0 : -ENOMEM;
}
module_init(use_kvmalloc);

static int __init use_kvmalloc_node(void)
{
	void *here = kvmalloc_node(100000, GFP_KERNEL, numa_node_id());
	void *zeroes = kvzalloc_node(100000, GFP_KERNEL, NUMA_NO_NODE);
	bool all = here && zeroes;

	kvfree(here), kvfree(zeroes);
	return all ? 0 : -ENOMEM;
}
module_init(use_kvmalloc_node);

static int __init use_kvrealloc(void)
{
	char *text = kvmemdup("kept", 5, GFP_KERNEL);
	char *longer = kvrealloc(text, 3 * PAGE_SIZE, GFP_KERNEL);
	int error = !longer ? -ENOMEM : strcmp(longer, "kept") ? -EINVAL : 0;

	kvfree(longer ? longer : text);
	return error;
}
module_init(use_kvrealloc);

static int __init use_kfree_bulk(void)
{
	void *pieces[3];

	for (int i = 0; i < 3; i++)
		pieces[i] = kmalloc(32 << i, GFP_KERNEL);
	kfree_bulk(3, pieces);	/* of any sizes */
	return 0;
}
module_init(use_kfree_bulk);

static int __init use_struct_size(void)
{
	struct { u32 count; u64 values[]; } *list;

	list = kzalloc(struct_size(list, values, 10), GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	list->values[9] = 1, kfree(list);
	return array_size(SIZE_MAX, 2) == SIZE_MAX ? 0 : -EINVAL;	/* saturates: NULL for it */
}
module_init(use_struct_size);

static int __init use_size_mul(void)
{
	size_t product, size = size_add(size_mul(3, 7), 1);

	if (!check_mul_overflow((size_t)1 << 40, (size_t)1 << 40, &product))
		return -EINVAL;		/* it does not fit */
	return size == 22 && size_mul(SIZE_MAX, 2) == SIZE_MAX ? 0 : -EINVAL;
}
module_init(use_size_mul);
