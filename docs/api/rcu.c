// SPDX-License-Identifier: MIT
/* The examples of docs/api.md: freed when nobody looks any more. */
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

struct config {
	int limit;
	struct rcu_head rcu;
};

static struct config __rcu *current_config;

static void config_free(struct rcu_head *head)
{
	kfree(container_of(head, struct config, rcu));
}

static int __init use_rcu_assign_pointer(void)
{
	struct config *config = kzalloc(sizeof(*config), GFP_KERNEL);

	if (!config)
		return -ENOMEM;
	config->limit = 10;
	rcu_assign_pointer(current_config, config);
	return 0;
}
module_init(use_rcu_assign_pointer);

static int __init use_rcu_read_lock(void)
{
	int limit;

	rcu_read_lock();	/* no sleep until rcu_read_unlock() */
	limit = rcu_dereference(current_config)->limit;
	rcu_read_unlock();
	return limit == 10 ? 0 : -EINVAL;
}
module_init(use_rcu_read_lock);

static int __init use_synchronize_rcu(void)
{
	struct config *old = rcu_dereference_protected(current_config, 1);

	RCU_INIT_POINTER(current_config, NULL);
	synchronize_rcu();	/* every reader that may have seen it has ended */
	kfree(old);
	return 0;
}
module_init(use_synchronize_rcu);

static int __init use_call_rcu(void)
{
	struct config *config = kzalloc(sizeof(*config), GFP_KERNEL);

	if (config)
		call_rcu(&config->rcu, config_free);	/* does not wait */
	rcu_barrier();		/* all that was queued is done */
	return config ? 0 : -ENOMEM;
}
module_init(use_call_rcu);

static int __init use_kfree_rcu(void)
{
	struct config *config = kmalloc(sizeof(*config), GFP_KERNEL);
	struct config *large = kvmalloc(1 << 20, GFP_KERNEL);

	kfree_rcu(config, rcu);		/* kfree() after a grace period; NULL is fine */
	kvfree_rcu(large, rcu);		/* what kvmalloc() gave */
	return config && large ? 0 : -ENOMEM;
}
module_init(use_kfree_rcu);

static int __init use_kvfree_rcu_mightsleep(void)
{
	int *number = kvmalloc(sizeof(*number), GFP_KERNEL);	/* no rcu_head inside */

	kvfree_rcu_mightsleep(number);
	return number ? 0 : -ENOMEM;
}
module_init(use_kvfree_rcu_mightsleep);
