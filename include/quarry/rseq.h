/* SPDX-License-Identifier: MIT */
/*
 * Restartable sequences: a few instructions that work on this CPU's own data as if nothing
 * could interrupt them, without switching interrupts off and without locked instructions.
 *
 * A sequence loads, computes, and commits with its last instruction, one store. If an
 * interrupt, an IPI or an NMI comes between its first instruction and its last, it begins
 * anew when that returns: what it had loaded may be old by then. The return path of each
 * interrupt asks rseq_rewind() where to go on. So a sequence
 *
 *  - changes memory with its last instruction only;
 *  - touches this CPU's data only: other CPUs do not wait for it, nor it for them;
 *  - keeps its inputs in their registers, for the next attempt: outputs are early-clobber;
 *  - calls nothing, and pushes nothing on the stack;
 *  - must not fault;
 *  - is short: an interrupt storm makes it begin again and again.
 *
 * It lies in a function marked __rseq (they all lie in one section, so that an interrupt
 * elsewhere costs two comparisons), between RSEQ_BEGIN and RSEQ_END of one asm statement:
 *
 *	static __rseq void count_one(void)
 *	{
 *		unsigned long n;
 *
 *		asm volatile(RSEQ_BEGIN
 *			     "mov %%gs:%1, %0\n"
 *			     "inc %0\n"
 *			     "mov %0, %%gs:%1\n"
 *			     RSEQ_END
 *			     : "=&r"(n), "+m"(counter) :: "cc");
 *	}
 *
 * A thread does not move to another CPU within a sequence: it moves only when it sleeps. In
 * an asm that the compiler may duplicate each copy makes an entry of its own; they are few,
 * and are searched one by one.
 */
#ifndef _QUARRY_RSEQ_H
#define _QUARRY_RSEQ_H

#include <linux/compiler.h>
#include <linux/types.h>

/* One entry of the section `rseq`: each is a distance from the field itself. */
struct rseq_entry {
	s32 start, end;		/* interrupted in [start, end) */
	s32 restart;		/* where it then begins */
};

#define __rseq noinline __section("rseq_text")

#define RSEQ_BEGIN "771:\n"
#define RSEQ_END __RSEQ_END("771b")
/* Instead: if interrupted, the sequence is left out, and what stands behind it comes next. */
#define RSEQ_END_OR_SKIP __RSEQ_END("772b")

#define __RSEQ_END(restart) \
	"772:\n" \
	".pushsection rseq, \"a\", @progbits\n" \
	".balign 4\n" \
	".long 771b - ., 772b - ., " restart " - .\n" \
	".popsection\n"

/* Where to go on instead of at `pc`: pc itself unless it lies in a sequence. Any context. */
unsigned long rseq_rewind(unsigned long pc);
/* How often this CPU has begun a sequence anew. */
unsigned long rseq_rewinds(void);
/* Entries that lie outside the section, or make no sense: 0 in a sound image. */
unsigned int rseq_validate(void);
/* For a test that shows what rewinding is good for: false switches it off. Returns what was. */
bool rseq_set_rewinding(bool on);

#endif
