/* SPDX-License-Identifier: MIT */
/* The last resort before an allocation that may sleep gives up. See mm/oom.c. */
#ifndef _LINUX_OOM_H
#define _LINUX_OOM_H

#include <linux/notifier.h>

/*
 * The function is called with action 0 and data an unsigned long *: it adds to it the number of
 * pages that it freed. One call at a time, in the thread that runs short, which may sleep and
 * may do IO and enter file systems, and whose requests may take the reserves meanwhile.
 * register: 0; -EEXIST if it is in. unregister: waits until it is not running; 0, or -ENOENT.
 */
int register_oom_notifier(struct notifier_block *nb);
int unregister_oom_notifier(struct notifier_block *nb);

#endif
