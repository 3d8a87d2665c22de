// SPDX-License-Identifier: MIT
/* A module as it was written for Linux 2.6: nothing here was changed since. */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mempool.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <asm/atomic.h>
#include <asm/io.h>
#include <asm/page.h>

#define NR_NODES 100

static int limit = 3;
module_param(limit, int, S_IRUGO);

struct node {
	struct node *next;
	int value, constructed;
};

static kmem_cache_t *nodes;
static mempool_t *pool;
static struct workqueue_struct *queue;
static struct timer_list timer;
static DECLARE_WAIT_QUEUE_HEAD(wait);
static atomic_t rounds = ATOMIC_INIT(0);

static void construct(void *object, kmem_cache_t *cache, unsigned long flags)
{
	struct node *node = object;

	if (flags & SLAB_CTOR_CONSTRUCTOR)
		node->constructed = 1;
}

static void build_list(struct work_struct *work)
{
	struct node *list = NULL, *node;
	int i, sum = 0;

	for (i = 0; i < NR_NODES; i++) {
		node = mempool_alloc(pool, GFP_KERNEL);
		if (!node->constructed)
			printk(KERN_ERR "old_style: an object was not constructed\n");
		node->value = random32() % 10;
		node->next = list;
		list = node;
	}
	while ((node = list) != NULL) {
		list = node->next;
		sum += node->value;
		mempool_free(node, pool);
	}
	if (sum > 9 * NR_NODES)
		printk(KERN_ERR "old_style: a sum of %d\n", sum);
	atomic_inc(&rounds);
	wake_up_interruptible(&wait);
}

static DECLARE_WORK(work, build_list);

static void on_time(unsigned long data)
{
	queue_work(queue, &work);
	if (atomic_read(&rounds) < (int)data)
		mod_timer(&timer, jiffies + 1);
}

static int __init old_style_init(void)
{
	char *buffer;

	nodes = kmem_cache_create("old_style_nodes", sizeof(struct node), 0, SLAB_HWCACHE_ALIGN,
				  construct, NULL);
	if (!nodes)
		return -ENOMEM;
	pool = mempool_create(4, mempool_alloc_slab, mempool_free_slab, nodes);
	queue = create_workqueue("old_style");
	buffer = vmalloc(3 * PAGE_SIZE);
	if (!pool || !queue || !buffer)
		return -ENOMEM;
	strcpy(buffer, "text in pages that are not contiguous");
	printk(KERN_INFO "old_style: %s\n", buffer);
	vfree(buffer);
	init_timer(&timer);
	timer.function = on_time;
	timer.data = limit;
	timer.expires = jiffies + HZ / 100;
	add_timer(&timer);
	return 0;
}

static void __exit old_style_exit(void)
{
	if (wait_event_interruptible(wait, atomic_read(&rounds) >= limit))
		return;
	del_timer_sync(&timer);
	flush_workqueue(queue);
	destroy_workqueue(queue);
	mempool_destroy(pool);
	if (kmem_cache_destroy(nodes))
		printk(KERN_ERR "old_style: objects are left\n");
	printk(KERN_INFO "old_style: at least %d rounds\n", limit);
}

module_init(old_style_init);
module_exit(old_style_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_AUTHOR("The Quarry project");
