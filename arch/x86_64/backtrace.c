/* SPDX-License-Identifier: MIT */
/*
 * Who called: a walk along the saved frame pointers. At %rbp lies the caller's %rbp, above
 * it the return address. trap_entry.S makes such a frame for the interrupted code, so the
 * walk goes on through a trap, also from one stack to another.
 *
 * A broken chain ends it: a frame must lie on a known stack, aligned, and above the one
 * before unless the stack changes; and no stack is entered twice.
 */
#include <linux/kernel.h>
#include <kernel/kernel.h>

#include "arch.h"

struct frame {
	unsigned long caller;
	unsigned long return_address;
};

unsigned int arch_backtrace(unsigned long fp, unsigned long *pcs, unsigned int max)
{
	unsigned long low = 0, high = 0, below = 0;
	unsigned int nr = 0, switches = 0;

	while (nr < max && IS_ALIGNED(fp, 8)) {
		const struct frame *frame = (const struct frame *)fp;

		if (fp < low || fp >= high) {
			if (!stack_find(fp, &low, &high) || switches++ == NR_STACKS)
				break;
			below = 0;
		}
		if (fp <= below || high - fp < sizeof(*frame) || !frame->return_address)
			break;
		pcs[nr++] = frame->return_address;
		below = fp;
		fp = frame->caller;
	}
	return nr;
}
