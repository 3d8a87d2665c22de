/* SPDX-License-Identifier: MIT */
/*
 * The stacks of pointers that are a CPU's own, and the word that only it changes, interrupted
 * before every instruction by others of their kind: what was in the stack or in a hand is there
 * once afterwards, and one of those who change a word from the same value succeeds.
 *
 * stepped
 * plant: kernel/rseq.c: return target(&entry->restart); -> return pc;
 * plant: kernel/rseq.c: pc >= target(&entry->end)) continue; -> pc > target(&entry->end))
 *	continue;
 * plant: include/quarry/cpu_stack.h: "mov %k[nr], (%[stack])\n" RSEQ_END -> RSEQ_END "mov %k[nr],
 *	(%[stack])\n"
 * plant: include/quarry/cpu_stack.h: "mov %[to], (%[word])\n" RSEQ_END -> RSEQ_END "mov %[to],
 *	(%[word])\n"
 */
#define PORT_RSEQ
#include <quarry/cpu_stack.h>
#include <kernel/rseq.c>
#include "model.h"

#define NR 4	/* pointers: the addresses of these */

static char things[NR];
static union { struct cpu_stack stack; u64 words[1 + NR]; } s;
static unsigned int in_hand[NR];
static unsigned int changed, turn;
static u64 word;

static __rseq void *pop(void)
{
	return cpu_stack_pop(&s.stack);
}

static __rseq bool push(void *pointer)
{
	return cpu_stack_push(&s.stack, pointer);
}

static __rseq bool change(void)
{
	return cpu_word_change(&word, 1, 2);
}

static void take(void)
{
	char *thing = pop();

	if (thing)
		in_hand[thing - things]++;
}

static void give(void)
{
	for (unsigned int i = 0; i < NR; i++)
		if (in_hand[i]) {
			/* It is not there any more when somebody finds it in the stack. */
			in_hand[i]--;
			if (!push(&things[i]))
				in_hand[i]++;
			return;
		}
}

static void begin(void)
{
	s.stack.max = 3;
	s.stack.nr = 2;
	s.stack.slot[0] = &things[0];
	s.stack.slot[1] = &things[1];
	in_hand[0] = in_hand[1] = 0;
	in_hand[2] = in_hand[3] = 1;
	changed = turn = 0;
	word = 1;
}

static void run(void)
{
	take();
	give();
	changed += change();
}

/* The first and the third leave the stack as high as it was: others are in it. */
static void interrupt(void)
{
	switch (turn++ % 3) {
	case 0:
		take();
		give();
		changed += change();
		break;
	case 1:
		give();
		break;
	default:
		take();
	}
}

static void end(void)
{
	unsigned int here[NR] = { 0 };

	MODEL_CHECK(s.stack.nr <= 3);
	for (unsigned int i = 0; i < s.stack.nr; i++)
		here[(char *)s.stack.slot[i] - things]++;
	for (unsigned int i = 0; i < NR; i++)
		MODEL_CHECK(here[i] + in_hand[i] == 1);
	MODEL_CHECK(changed == 1 && word == 2);
}

const struct stepped stepped = {
	.interrupts = 2, .begin = begin, .run = run, .interrupt = interrupt, .end = end,
};
