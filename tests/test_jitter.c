/* SPDX-License-Identifier: MIT */
/* Interrupts at times that a seed decides. Schedules that repeat: tests/schedules. */
#include <linux/delay.h>
#include <linux/smp.h>
#include <tests/selftest.h>
#include <kernel/boot.h>
#include <kernel/kernel.h>
#include "tests/threads.h"

#define EACH 20U	/* interrupts to wait for, for each CPU */

SELFTEST(jitter, interrupts_come_until_it_ends)
{
	unsigned long count, later;
	u64 digest, the_same;

	if (cmdline_flag("jitter"))
		SKIP("it is on all the time");
	jitter_begin(1);
	WAIT_UNTIL(jitter_count() >= EACH * num_online_cpus());
	jitter_end(&digest, &count);
	CHECK(count >= EACH * num_online_cpus());
	CHECK(digest != 0);
	mdelay(1);
	jitter_end(&the_same, &later);
	CHECK_EQ(later, count);
	CHECK_EQ(the_same, digest);
}
