/* SPDX-License-Identifier: MIT */
/* Functions to be called when something happens. Who calls them says where they are registered. */
#ifndef _LINUX_NOTIFIER_H
#define _LINUX_NOTIFIER_H

#include <linux/types.h>

struct notifier_block;
typedef int (*notifier_fn_t)(struct notifier_block *nb, unsigned long action, void *data);

struct notifier_block {
	notifier_fn_t notifier_call;
	struct notifier_block *next;	/* of the chain */
	int priority;			/* highest first; equal ones as they came */
};

#define NOTIFY_DONE	 0x0000		/* not for me */
#define NOTIFY_OK	 0x0001
#define NOTIFY_STOP_MASK 0x8000		/* the others are not called */
#define NOTIFY_BAD	 (NOTIFY_STOP_MASK | 0x0002)
#define NOTIFY_STOP	 (NOTIFY_OK | NOTIFY_STOP_MASK)

#endif
