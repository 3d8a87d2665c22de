// SPDX-License-Identifier: MIT
/* The examples of docs/api.md: when memory runs short. */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/oom.h>
#include <linux/shrinker.h>

static struct shrinker *shrinker;
static atomic_long_t unused = ATOMIC_LONG_INIT(0);	/* pages that the cache could give back */

static unsigned long count(struct shrinker *s, struct shrink_control *sc)
{
	return atomic_long_read(&unused) ?: SHRINK_EMPTY;
}

static unsigned long scan(struct shrinker *s, struct shrink_control *sc)
{
	return SHRINK_STOP;	/* or how many of sc->nr_to_scan objects were freed */
}

static int __init use_shrinker(void)
{
	shrinker = shrinker_alloc(SHRINKER_NUMA_AWARE, "example-%d", 1);
	if (!shrinker)
		return -ENOMEM;
	shrinker->count_objects = count, shrinker->scan_objects = scan;
	shrinker_register(shrinker);
	return 0;
}
module_init(use_shrinker);

static void __exit end_shrinker(void)
{
	shrinker_free(shrinker);	/* nobody is in it any more */
}
module_exit(end_shrinker);

static int __init use_register_shrinker(void)
{
	static struct shrinker old = { .count_objects = count, .scan_objects = scan,
				       .seeks = DEFAULT_SEEKS };
	int error = register_shrinker(&old, "example");		/* up to 5.19 without the name */

	if (!error)
		unregister_shrinker(&old);
	return error;
}
module_init(use_register_shrinker);

static int out_of_memory(struct notifier_block *nb, unsigned long action, void *data)
{
	*(unsigned long *)data += 0;	/* how many pages it has freed */
	return NOTIFY_OK;
}

static int __init use_oom_notifier(void)
{
	static struct notifier_block block = { .notifier_call = out_of_memory };
	int error = register_oom_notifier(&block);

	return error ? error : unregister_oom_notifier(&block);
}
module_init(use_oom_notifier);

static int __init use_si_meminfo(void)
{
	struct sysinfo info;

	si_meminfo(&info);	/* info.totalram, info.freeram, in pages */
	return nr_free_pages() <= info.totalram && info.mem_unit == PAGE_SIZE ? 0 : -EINVAL;
}
module_init(use_si_meminfo);
