/* SPDX-License-Identifier: MIT */
/*
 * Restartable sequences: where an interrupted one begins anew. What they are and how one is
 * written is in quarry/rseq.h.
 *
 * The table is made by the linker and never changes; it is searched only when the interrupted
 * instruction lies in the section rseq_text. There are a handful of entries.
 *
 * An interrupt rewinds whether or not it has changed anything that the sequence reads: to
 * begin anew is always right, and to find out would cost more. It ends because a sequence
 * takes some nanoseconds; a CPU that is interrupted more often than that gets nowhere anyway.
 *
 * No locks. Costs: two comparisons an interrupt.
 */
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <quarry/rseq.h>
#include <kernel/cpu.h>

extern const struct rseq_entry __start_rseq[], __stop_rseq[];
extern const char __start_rseq_text[], __stop_rseq_text[];

static DEFINE_PER_CPU(unsigned long, nr_rewinds);
static bool rewinding = true;

static unsigned long target(const s32 *distance)
{
	return (unsigned long)distance + (unsigned long)(long)*distance;
}

unsigned long rseq_rewind(unsigned long pc)
{
	const struct rseq_entry *entry;

	if (likely(pc < (unsigned long)__start_rseq_text || pc >= (unsigned long)__stop_rseq_text))
		return pc;
	if (!READ_ONCE(rewinding))
		return pc;
	for (entry = __start_rseq; entry < __stop_rseq; entry++) {
		if (pc < target(&entry->start) || pc >= target(&entry->end))
			continue;
		this_cpu_inc(nr_rewinds);
		return target(&entry->restart);
	}
	return pc;
}

unsigned long rseq_rewinds(void)
{
	return this_cpu_read(nr_rewinds);
}

static bool is_text(unsigned long address)
{
	return address >= (unsigned long)__start_rseq_text &&
	       address < (unsigned long)__stop_rseq_text;
}

unsigned int rseq_validate(void)
{
	const struct rseq_entry *entry;
	unsigned int wrong = 0;

	for (entry = __start_rseq; entry < __stop_rseq; entry++)
		wrong += !is_text(target(&entry->start)) || !is_text(target(&entry->restart)) ||
			 target(&entry->end) <= target(&entry->start) ||
			 target(&entry->end) > (unsigned long)__stop_rseq_text;
	return wrong;
}

bool rseq_set_rewinding(bool on)
{
	bool before = rewinding;

	WRITE_ONCE(rewinding, on);
	return before;
}
