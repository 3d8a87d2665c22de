/* SPDX-License-Identifier: MIT */
/* Lists, tables of lists, and counted objects: linux/list.h, linux/hashtable.h, linux/kref.h. */
#include <linux/hashtable.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <tests/selftest.h>

struct item {
	struct list_head list;
	struct hlist_node node;
	u32 key;
};

/* The keys in order, as decimal digits. */
static u64 digits(struct list_head *head)
{
	struct item *item;
	u64 all = 0, back = 0, unit = 1;

	list_for_each_entry(item, head, list)
		all = all * 10 + item->key;
	list_for_each_entry_reverse(item, head, list) {
		back += item->key * unit;
		unit *= 10;
	}
	CHECK_EQ(all, back);
	return all;
}

SELFTEST(list, moved_and_spliced)
{
	struct item items[6];
	LIST_HEAD(one);
	LIST_HEAD(two);

	for (u32 i = 0; i < 6; i++) {
		items[i].key = i + 1;
		list_add_tail(&items[i].list, i < 3 ? &one : &two);
	}
	CHECK_EQ(digits(&one), 123);
	list_move_tail(&items[0].list, &one);
	CHECK_EQ(digits(&one), 231);
	list_splice(&two, &one);
	CHECK_EQ(digits(&one), 456231);
	INIT_LIST_HEAD(&two);
	list_splice_tail_init(&two, &one);
	CHECK_EQ(digits(&one), 456231);
	list_splice_tail_init(&one, &two);
	CHECK(list_empty(&one) && list_empty_careful(&one));
	CHECK_EQ(digits(&two), 456231);
	CHECK(list_is_first(&items[3].list, &two) && list_is_last(&items[0].list, &two));
	list_splice_init(&two, &one);
	CHECK_EQ(digits(&one), 456231);
	CHECK(list_empty(&two));
}

SELFTEST(list, replaced_and_alone)
{
	struct item a = { .key = 1 }, b = { .key = 2 }, c = { .key = 3 };
	LIST_HEAD(head);

	list_add_tail(&a.list, &head);
	CHECK(list_is_singular(&head));
	list_add_tail(&b.list, &head);
	CHECK(!list_is_singular(&head));
	list_replace_init(&a.list, &c.list);
	CHECK(list_empty(&a.list));
	CHECK_EQ(digits(&head), 32);
	list_del_init(&c.list);
	CHECK_EQ(digits(&head), 2);
}

SELFTEST(list, a_table_finds_what_is_in_it)
{
	static DEFINE_HASHTABLE(table, 5);
	static struct item items[200];
	struct hlist_node *tmp;
	struct item *item;
	unsigned int n = 0, i;
	int bucket;

	CHECK(hash_empty(table));
	for (i = 0; i < ARRAY_SIZE(items); i++) {
		items[i].key = i * 7;
		hash_add(table, &items[i].node, items[i].key);
	}
	for (i = 0; i < ARRAY_SIZE(items); i++) {
		bool found = false;

		hash_for_each_possible(table, item, node, items[i].key)
			found |= item == &items[i];
		CHECK(found);
	}
	hash_for_each(table, bucket, item, node)
		n++;
	CHECK_EQ(n, ARRAY_SIZE(items));
	hash_for_each_safe(table, bucket, tmp, item, node)
		if (item->key % 2)
			hash_del(&item->node);
	n = 0;
	hash_for_each(table, bucket, item, node)
		n += !CHECK(!(item->key % 2)) + 1;
	CHECK_EQ(n, ARRAY_SIZE(items) / 2);
	CHECK(!hash_hashed(&items[1].node) && hash_hashed(&items[2].node));
	hash_init(table);
	CHECK(hash_empty(table));
}

struct counted {
	struct kref ref;
	bool *released;
};

static void release(struct kref *ref)
{
	struct counted *object = container_of(ref, struct counted, ref);

	*object->released = true;
	kfree(object);
}

SELFTEST(list, the_last_reference_releases)
{
	struct counted *object = kzalloc(sizeof(*object), GFP_KERNEL);
	bool released = false;

	REQUIRE(object);
	object->released = &released;
	kref_init(&object->ref);
	kref_get(&object->ref);
	CHECK(kref_get_unless_zero(&object->ref));
	CHECK_EQ(kref_read(&object->ref), 3);
	CHECK_EQ(kref_put(&object->ref, release), 0);
	CHECK_EQ(kref_put(&object->ref, release), 0);
	CHECK(!released);
	CHECK_EQ(kref_put(&object->ref, release), 1);
	CHECK(released);
}
