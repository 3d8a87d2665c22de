// SPDX-License-Identifier: MIT
/*
 * A driver without a device. A thread makes packets with random contents, as an interrupt of a
 * network card would, and queues work; the work checks and frees them. A timer looks after the
 * rate, delayed work reports it, and a completion says when the last packet has arrived.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

static int packets = 1000;
module_param(packets, int, 0444);
MODULE_PARM_DESC(packets, "how many packets are sent");

static char *name = "loop0";
module_param(name, charp, 0444);
MODULE_PARM_DESC(name, "what the device is called");

static unsigned int sizes[4] = { 64, 256, 1500 };
static unsigned int nr_sizes = 3;
module_param_array(sizes, uint, &nr_sizes, 0444);
MODULE_PARM_DESC(sizes, "lengths of packets, in bytes");

static bool verbose;
module_param(verbose, bool, 0644);

struct packet {
	struct list_head list;
	ktime_t sent;
	unsigned int length;
	u32 sum;
	u8 *data;
};

struct traffic {
	spinlock_t lock;		/* guards queue */
	struct list_head queue;
	struct work_struct receive;
	struct delayed_work report;
	struct timer_list tick;
	struct completion all_received;
	struct task_struct *sender;
	struct workqueue_struct *wq;
	atomic_t received, damaged, ticks;
	u64 latency_ns;			/* of all packets, receive only */
};

static struct kmem_cache *packet_cache;
static struct traffic *traffic;

static u32 sum_of(const struct packet *packet)
{
	u32 sum = 0;
	unsigned int i;

	for (i = 0; i < packet->length; i++)
		sum = sum * 31 + packet->data[i];
	return sum;
}

static struct packet *packet_make(gfp_t gfp)
{
	struct packet *packet = kmem_cache_zalloc(packet_cache, gfp);

	if (!packet)
		return NULL;
	packet->length = sizes[get_random_u32_below(nr_sizes)];
	packet->data = kmalloc(packet->length, gfp);
	if (!packet->data) {
		kmem_cache_free(packet_cache, packet);
		return NULL;
	}
	get_random_bytes(packet->data, packet->length);
	packet->sum = sum_of(packet);
	packet->sent = ktime_get();
	return packet;
}

static void packet_free(struct packet *packet)
{
	kfree(packet->data);
	kmem_cache_free(packet_cache, packet);
}

static void receive(struct work_struct *work)
{
	struct traffic *t = container_of(work, struct traffic, receive);
	struct packet *packet, *next;
	LIST_HEAD(arrived);

	spin_lock_irq(&t->lock);
	list_splice_init(&t->queue, &arrived);
	spin_unlock_irq(&t->lock);
	list_for_each_entry_safe(packet, next, &arrived, list) {
		if (sum_of(packet) != packet->sum)
			atomic_inc(&t->damaged);
		t->latency_ns += ktime_to_ns(ktime_sub(ktime_get(), packet->sent));
		list_del(&packet->list);
		packet_free(packet);
		if (atomic_inc_return(&t->received) == packets)
			complete(&t->all_received);
	}
}

static int send_all(void *data)
{
	struct traffic *t = data;
	unsigned long flags;
	int sent = 0;

	while (sent < packets && !kthread_should_stop()) {
		struct packet *packet = packet_make(GFP_KERNEL);

		if (!packet) {
			msleep(1);
			continue;
		}
		spin_lock_irqsave(&t->lock, flags);
		list_add_tail(&packet->list, &t->queue);
		spin_unlock_irqrestore(&t->lock, flags);
		queue_work(t->wq, &t->receive);
		if (++sent % 64 == 0)
			cond_resched();
	}
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ / 10);
	return sent;
}

static void tick(struct timer_list *timer)
{
	struct traffic *t = from_timer(t, timer, tick);

	atomic_inc(&t->ticks);
	mod_timer(timer, jiffies + 1);
}

static void report(struct work_struct *work)
{
	struct traffic *t = container_of(to_delayed_work(work), struct traffic, report);

	if (verbose)
		pr_info("%s: %d packets so far\n", name, atomic_read(&t->received));
	schedule_delayed_work(&t->report, msecs_to_jiffies(100));
}

static int __init traffic_init(void)
{
	int error = -ENOMEM;

	if (packets <= 0 || !nr_sizes)
		return -EINVAL;
	packet_cache = KMEM_CACHE(packet, SLAB_HWCACHE_ALIGN);
	traffic = kzalloc(sizeof(*traffic), GFP_KERNEL);
	if (!packet_cache || !traffic)
		goto no_memory;
	spin_lock_init(&traffic->lock);
	INIT_LIST_HEAD(&traffic->queue);
	INIT_WORK(&traffic->receive, receive);
	INIT_DELAYED_WORK(&traffic->report, report);
	init_completion(&traffic->all_received);
	timer_setup(&traffic->tick, tick, 0);
	traffic->wq = alloc_workqueue("%s", WQ_UNBOUND, 0, name);
	if (!traffic->wq)
		goto no_memory;
	traffic->sender = kthread_run(send_all, traffic, "send/%s", name);
	if (IS_ERR(traffic->sender)) {
		error = PTR_ERR(traffic->sender);
		goto no_thread;
	}
	mod_timer(&traffic->tick, jiffies + 1);
	schedule_delayed_work(&traffic->report, 0);
	pr_info("%s: sending %d packets of up to %u lengths\n", name, packets, nr_sizes);
	return 0;

no_thread:
	destroy_workqueue(traffic->wq);
no_memory:
	kfree(traffic);
	kmem_cache_destroy(packet_cache);
	return error;
}
module_init(traffic_init);

static void __exit traffic_exit(void)
{
	int sent;

	if (!wait_for_completion_timeout(&traffic->all_received, 30 * HZ))
		pr_warn("%s: packets are missing\n", name);
	timer_delete_sync(&traffic->tick);
	cancel_delayed_work_sync(&traffic->report);
	sent = kthread_stop(traffic->sender);
	destroy_workqueue(traffic->wq);
	pr_info("%s: %d sent, %d received, %d damaged, timer %s\n", name, sent,
		atomic_read(&traffic->received), atomic_read(&traffic->damaged),
		atomic_read(&traffic->ticks) ? "ran" : "stood still");
	if (verbose)
		pr_info("%s: %llu ns a packet\n", name, traffic->latency_ns / packets);
	kfree(traffic);
	kmem_cache_destroy(packet_cache);
}
module_exit(traffic_exit);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Packets from nowhere to nowhere");
