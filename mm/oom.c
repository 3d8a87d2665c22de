// SPDX-License-Identifier: MIT
/*
 * The last resort: functions that give up memory for good, called when reclaim has found
 * nothing and a request that may sleep would fail.
 *
 * There are no processes here that could be ended to win their memory. So what comes last is
 * whoever registered: a balloon that lets go, a cache that closes, a program that has the
 * allocators built in and knows what it can do without.
 *
 * They are called for requests that allow IO and FS, since they cannot be told otherwise, and
 * not for __GFP_NORETRY and __GFP_RETRY_MAYFAIL, whose callers would rather fail. One request
 * at a time; who had to wait looks first whether it fits by now, and whether others won anything
 * meanwhile: then it reclaims again before it asks for more.
 *
 * Lock: oom_lock guards the chain and is held while the functions run, so one that is
 * unregistered runs no more. It is taken outside everything here; a function may take locks
 * under which nobody allocates.
 */
#include <linux/mutex.h>
#include <linux/oom.h>
#include "internal.h"
#include "reclaim.h"

static DEFINE_MUTEX(oom_lock);
static struct notifier_block *chain;	/* by priority */
static unsigned long won;		/* by all calls: written under oom_lock */

static struct notifier_block **find(const struct notifier_block *nb)
{
	struct notifier_block **link = &chain;

	while (*link && *link != nb)
		link = &(*link)->next;
	return link;
}

int register_oom_notifier(struct notifier_block *nb)
{
	struct notifier_block **link = &chain;
	int err = -EEXIST;

	mutex_lock(&oom_lock);
	if (!*find(nb)) {
		while (*link && (*link)->priority >= nb->priority)
			link = &(*link)->next;
		nb->next = *link;
		*link = nb;
		err = 0;
	}
	mutex_unlock(&oom_lock);
	return err;
}

int unregister_oom_notifier(struct notifier_block *nb)
{
	struct notifier_block **link;
	int err = -ENOENT;

	mutex_lock(&oom_lock);
	link = find(nb);
	if (*link) {
		*link = nb->next;
		err = 0;
	}
	mutex_unlock(&oom_lock);
	return err;
}

/* Caller holds oom_lock. */
static unsigned long call_chain(void)
{
	unsigned long freed = 0;

	for (struct notifier_block *nb = chain; nb; nb = nb->next)
		if (nb->notifier_call(nb, 0, &freed) & NOTIFY_STOP_MASK)
			break;
	WRITE_ONCE(won, won + freed);
	return freed;
}

unsigned long out_of_memory(const struct alloc_request *request, unsigned int alloc_flags)
{
	unsigned long before = READ_ONCE(won), freed = 0;
	unsigned int added;

	mutex_lock(&oom_lock);
	added = memalloc_noreclaim_save();
	if (won != before || request_fits(request, alloc_flags))
		freed = 1;
	else
		freed = call_chain();
	memalloc_noreclaim_restore(added);
	mutex_unlock(&oom_lock);
	return freed;
}
