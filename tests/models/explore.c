/* SPDX-License-Identifier: MIT */
/*
 * Explores a model: every order of what its threads do to memory, one after another.
 *
 *	explore			all paths within the model's bounds; prints how many there were
 *	explore PATH		the one that a failure printed, with each step
 *
 * The threads are fibers of one process, so nothing runs at once and everything repeats. At each
 * access to memory (hooks.c) the explorer chooses who goes on (choice.c).
 *
 * Bounds, or there would be no end: a thread that could go on is stopped for another at most
 * model.preemptions times in a path (most bugs take two); who waits in a loop, sleeps or ends
 * gives way for free. An interrupt that is due may come at each access. A store goes to memory at
 * once, or, model.delays times in a path, into the thread's store buffer with all that it stores
 * afterwards, until its next locked instruction or barrier: the earliest and the latest that the
 * processor allows. What lies on a thread's own stack is its own until an atomic access says
 * otherwise: plain accesses there are not stopped at, nor delayed.
 *
 * A plain store is done by the compiled code after its hook; if it is to be delayed, the next
 * hook of the thread takes it from memory into the buffer and puts the old value back. A plain
 * load of what the buffer holds is served the other way round.
 *
 * All variables are restored from a copy before each path, so nothing here is a variable but
 * `e`, which points to memory outside. A CPU's per-CPU variables are found through GS.
 */
#include <asm/prctl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "choice.h"
#include "explore.h"
#include "model.h"

#define STACK_SIZE   (128 << 10)
#define MAX_STEPS    100000
#define MAX_BUFFER   64
#define MAX_IRQS     4
#define HWCAP2_FSGSBASE 2
#define LARGEST	     16	/* bytes of one store that can be delayed */

enum state { READY, WAITING, DONE };
enum unfinished { NOTHING, STORES, LOADS };

struct store {
	void *addr;
	size_t size;
	uint8_t value[LARGEST];
};

struct interrupt {
	void (*fn)(void *arg);
	void *arg;
	int *pending;
};

struct thread {
	unsigned long sp;
	uint8_t *stack;
	enum state state;
	int (*ready)(void *arg);
	void *arg;
	struct store buffer[MAX_BUFFER];
	unsigned int nr_buffered;
	struct store old;		/* what `unfinished` is to put back */
	enum unfinished unfinished;
	struct interrupt irqs[MAX_IRQS];
	unsigned int nr_irqs;
};

static struct engine {
	struct thread threads[MODEL_THREADS];
	unsigned int nr, current;
	unsigned long main_sp;
	unsigned int alone;		/* begin, end, an idle CPU's interrupt: nobody else runs */
	unsigned int preempted, delayed, steps;
	unsigned long paths;
	bool tracing, may_write_gs;
	uint8_t *variables, *percpu;	/* as they were linked */
	uint8_t *copies[MODEL_THREADS];	/* of the per-CPU variables */
} *e;

extern uint8_t __data_start[], _end[], __start_percpu[], __stop_percpu[];

#define current_thread (&e->threads[e->current])

/* 1. Ends */

void model_fail(const char *file, int line, const char *what)
{
	printf("FAILED on path %lu: %s:%d: %s\npath: ", e->paths, file, line, what);
	choices_print();
	fflush(stdout);
	_exit(1);
}

#define FAIL(what) model_fail("explore", e->steps, what)

/* 2. Threads */

void explore_switch(unsigned long *save, unsigned long sp);
__asm__(".text\n"
	"explore_switch:\n"
	"	push %rbp\n	push %rbx\n	push %r12\n	push %r13\n	push %r14\n"
	"	push %r15\n"
	"	mov %rsp, (%rdi)\n"
	"	mov %rsi, %rsp\n"
	"	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n	pop %rbx\n"
	"	pop %rbp\n"
	"	ret\n");

/* A system call only where the kernel does not let programs write GS themselves. */
static void use_cpu(unsigned int cpu)
{
	unsigned long base = (unsigned long)(e->copies[cpu] - __start_percpu);

	if (e->may_write_gs)
		__asm__ __volatile__("wrgsbase %0" :: "r"(base) : "memory");
	else
		syscall(SYS_arch_prctl, ARCH_SET_GS, base);
}

static void switch_to(unsigned int to)
{
	unsigned int from = e->current;

	if (to == from)
		return;
	e->current = to;
	use_cpu(to);
	explore_switch(&e->threads[from].sp, e->threads[to].sp);
}

static bool can_run(const struct thread *t)
{
	return t->state == READY || (t->state == WAITING && t->ready(t->arg));
}

/* Those that can run but the current one, in turn; returns how many. */
static unsigned int others(unsigned int *who)
{
	unsigned int i, n = 0;

	for (i = 1; i < e->nr; i++) {
		unsigned int t = (e->current + i) % e->nr;

		if (can_run(&e->threads[t]))
			who[n++] = t;
	}
	return n;
}

/* 3. The store buffer */

/* What the thread would read, over what stands in value. */
static void forward(const struct thread *t, const uint8_t *addr, uint8_t *value, size_t size)
{
	for (unsigned int i = 0; i < t->nr_buffered; i++)
		for (size_t at = 0; at < t->buffer[i].size; at++) {
			const uint8_t *byte = (const uint8_t *)t->buffer[i].addr + at;

			if (byte >= addr && byte < addr + size)
				value[byte - addr] = t->buffer[i].value[at];
		}
}

static void drain(struct thread *t)
{
	for (unsigned int i = 0; i < t->nr_buffered; i++)
		memcpy(t->buffer[i].addr, t->buffer[i].value, t->buffer[i].size);
	t->nr_buffered = 0;
}

static void buffer(struct thread *t, void *addr, const void *value, size_t size)
{
	struct store *s;

	if (t->nr_buffered == MAX_BUFFER || size > LARGEST) {
		drain(t);
		memcpy(addr, value, size);
		return;
	}
	s = &t->buffer[t->nr_buffered++];
	s->addr = addr;
	s->size = size;
	memcpy(s->value, value, size);
}

/* What the compiled code did since the last hook is in memory now. */
static void settle(struct thread *t)
{
	uint8_t value[LARGEST];

	if (t->unfinished == STORES)
		memcpy(value, t->old.addr, t->old.size);
	if (t->unfinished != NOTHING)
		memcpy(t->old.addr, t->old.value, t->old.size);
	if (t->unfinished == STORES)
		buffer(t, t->old.addr, value, t->old.size);
	t->unfinished = NOTHING;
}

static void unfinish(struct thread *t, void *addr, size_t size, enum unfinished what)
{
	t->unfinished = what;
	t->old.addr = addr;
	t->old.size = size;
	memcpy(t->old.value, addr, size);
}

static bool is_delayed(struct thread *t)
{
	if (e->alone)
		return false;
	if (t->nr_buffered)
		return true;
	if (e->delayed >= model.delays || !choose(2))
		return false;
	e->delayed++;
	if (e->tracing)
		printf("%u:   stays in the store buffer\n", e->current);
	return true;
}

void explore_fence(void)
{
	settle(current_thread);
	drain(current_thread);
}

/* 4. Interrupts */

static void make_interrupt(const struct interrupt *irq)
{
	if (e->tracing)
		printf("%u: interrupt\n", e->current);
	explore_fence();
	model_irq_enter();
	irq->fn(irq->arg);
	explore_fence();
	model_irq_exit();
	if (irq->pending)
		--*irq->pending;
}

static void take_interrupts(bool all)
{
	struct thread *t = current_thread;

	while (t->nr_irqs && !model_irqs_off() && (all || choose(2))) {
		struct interrupt irq = t->irqs[--t->nr_irqs];

		make_interrupt(&irq);
	}
}

void model_interrupt(unsigned int cpu, void (*fn)(void *arg), void *arg, int *pending)
{
	struct interrupt irq = { fn, arg, pending };
	struct thread *t = &e->threads[cpu];
	unsigned int from = e->current;

	explore_fence();
	if (t->state == READY) {
		t->irqs[t->nr_irqs++] = irq;
		return;
	}
	e->alone++;
	e->current = cpu;
	use_cpu(cpu);
	make_interrupt(&irq);
	e->current = from;
	use_cpu(from);
	e->alone--;
}

/* 5. Where a thread can stop */

static void point(bool may_stop)
{
	unsigned int who[MODEL_THREADS], nr, chosen;

	settle(current_thread);
	if (e->alone)
		return;
	if (++e->steps > MAX_STEPS)
		FAIL("a thread waits in a loop for ever");
	take_interrupts(false);
	if (!may_stop || e->preempted >= model.preemptions)
		return;
	nr = others(who);
	chosen = choose(1 + nr);
	if (chosen) {
		e->preempted++;
		switch_to(who[chosen - 1]);
	}
}

void model_relax(void)
{
	unsigned int who[MODEL_THREADS];

	explore_fence();
	if (e->alone)
		FAIL("nobody else runs, and it waits for somebody");
	if (++e->steps > MAX_STEPS)
		FAIL("a thread waits in a loop for ever");
	take_interrupts(true);
	if (others(who))
		switch_to(who[0]);
}

/* The current thread sleeps or has ended: any other goes on. */
static void give_way(void)
{
	unsigned int who[MODEL_THREADS], i, nr;

	e->alone++;
	take_interrupts(true);
	e->alone--;
	nr = others(who);
	if (nr) {
		switch_to(who[choose(nr)]);
		return;
	}
	if (can_run(current_thread))
		return;
	for (i = 0; i < e->nr; i++)
		if (e->threads[i].state != DONE)
			FAIL("a thread sleeps for ever");
	explore_switch(&current_thread->sp, e->main_sp);
}

void model_await(int (*ready)(void *arg), void *arg)
{
	struct thread *t = current_thread;

	point(true);		/* between its last look and its sleep */
	explore_fence();
	t->ready = ready;
	t->arg = arg;
	t->state = WAITING;
	while (!ready(arg))
		give_way();
	t->state = READY;
}

static void fiber(void)
{
	model.threads[e->current]();
	explore_fence();
	current_thread->state = DONE;
	for (;;)
		give_way();
}

/* 6. Accesses */

static bool on_own_stack(const void *addr)
{
	const uint8_t *stack = current_thread->stack;

	return (const uint8_t *)addr >= stack && (const uint8_t *)addr < stack + STACK_SIZE;
}

static void trace(const char *what, const void *addr, size_t size, const void *pc)
{
	if (e->tracing && !e->alone)
		printf("%u: %s %zu at %p, pc %p\n", e->current, what, size, addr, pc);
}

void explore_plain(void *addr, size_t size, bool write, void *pc)
{
	struct thread *t = current_thread;

	if (on_own_stack(addr)) {
		settle(t);
		return;
	}
	point(true);
	trace(write ? "writes" : "reads", addr, size, pc);
	if (size > LARGEST) {
		drain(t);
		return;
	}
	if (write && is_delayed(t)) {
		unfinish(t, addr, size, STORES);
	} else if (!write && t->nr_buffered) {
		unfinish(t, addr, size, LOADS);
		forward(t, addr, addr, size);
	}
}

void explore_atomic(void *addr, size_t size, const char *what, void *pc)
{
	point(true);
	trace(what, addr, size, pc);
}

void explore_load(void *addr, void *value, size_t size)
{
	memcpy(value, addr, size);
	forward(current_thread, addr, value, size);
}

void explore_store(void *addr, const void *value, size_t size)
{
	struct thread *t = current_thread;

	if (!on_own_stack(addr) && is_delayed(t))
		buffer(t, addr, value, size);
	else
		memcpy(addr, value, size);
}

/* 7. Paths */

static void thread_init(unsigned int i)
{
	struct thread *t = &e->threads[i];
	unsigned long *top = (unsigned long *)(t->stack + STACK_SIZE) - 1;

	t->state = READY;
	t->nr_buffered = t->nr_irqs = 0;
	t->unfinished = NOTHING;
	*top = 0;			/* fiber() never returns */
	*--top = (unsigned long)fiber;
	t->sp = (unsigned long)(top - 6);
}

static void begin_path(void)
{
	unsigned int i;

	memcpy(__data_start, e->variables, (size_t)(_end - __data_start));
	e->preempted = e->delayed = e->steps = 0;
	choices_begin();
	for (i = 0; i < e->nr; i++) {
		memcpy(e->copies[i], e->percpu, (size_t)(__stop_percpu - __start_percpu));
		model_cpu_init(i, (unsigned long)(e->copies[i] - __start_percpu));
		thread_init(i);
	}
}

static void run_path(void)
{
	e->alone = 1;
	e->current = 0;
	begin_path();
	use_cpu(0);
	if (model.begin)
		model.begin();
	settle(current_thread);
	e->alone = 0;
	e->current = choose(e->nr);
	use_cpu(e->current);
	explore_switch(&e->main_sp, current_thread->sp);
	e->alone = 1;
	if (model.end)
		model.end();
	e->paths++;
}

static void init(void)
{
	size_t size = (size_t)(__stop_percpu - __start_percpu);

	choices_init();
	e = memory_outside(sizeof(*e));
	e->may_write_gs = getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE;
	while (e->nr < MODEL_THREADS && model.threads[e->nr]) {
		e->copies[e->nr] = memory_outside(size);
		e->threads[e->nr++].stack = memory_outside(STACK_SIZE);
	}
	e->percpu = memory_outside(size);
	memcpy(e->percpu, __start_percpu, size);
	e->variables = memory_outside((size_t)(_end - __data_start));
	memcpy(e->variables, __data_start, (size_t)(_end - __data_start));
}

int main(int argc, char **argv)
{
	init();
	if (argc > 1) {
		setbuf(stdout, NULL);
		choices_read(argv[1]);
		e->tracing = true;
		run_path();
		printf("passed\n");
		return 0;
	}
	do
		run_path();
	while (choices_next());
	printf("%lu paths, at most %u choices in one\n", e->paths, choices_deepest());
	return 0;
}
