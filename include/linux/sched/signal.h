/* SPDX-License-Identifier: MIT */
/* There are no signals: nothing interrupts a sleep but who is waited for, and time. */
#ifndef _LINUX_SCHED_SIGNAL_H
#define _LINUX_SCHED_SIGNAL_H

#include <linux/sched.h>

static inline int signal_pending(const struct task_struct *task) { return 0; }
static inline int fatal_signal_pending(const struct task_struct *task) { return 0; }

#endif
