/* SPDX-License-Identifier: MIT */
/*
 * Other CPUs: starting them, and having them call functions.
 *
 * Starting: one after the other, each gets its per-CPU data, an idle thread with a stack, and
 * is asked to come up. It is online once it says so itself, in cpu_main(). One that does not
 * come soon is waited for while others are started, so that many that are not there cost the
 * time of one. Who does not answer in bounded time is named and left out; its stack and data
 * are left to it, should it come up late.
 *
 * Calling: each CPU has a ring of calls to make. A caller copies its call into the ring and
 * sends an interrupt, so a call needs no memory of its own; who wants to wait gives a counter
 * of the calls that are not done. A ring that is full makes callers wait until the CPU has
 * taken calls out.
 *
 * The ring has no lock: when all CPUs call one, it would have to queue up with them to take a
 * call out. A caller takes a place by moving `next`, fills the slot, and then says so in the
 * slot's `turn`. The CPU takes out the calls in the order of the places, and stops at one that
 * is taken but not filled: the interrupt that its caller sends afterwards brings it back.
 *
 * Every wait is bounded: a CPU that has not answered for CALL_TIMEOUT is named with what it
 * was to call, and after CALL_GIVE_UP the run ends, for the counter is on the waiter's stack.
 * While it waits with interrupts off (an error that is reported) a CPU serves its own ring,
 * so that two of these do not wait for each other; calls run in an interrupt, after all, and
 * that is where this CPU would take them if it could.
 *
 * Locks: none.
 */
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <quarry/rseq.h>
#include <kernel/boot.h>
#include <kernel/cpu.h>
#include <kernel/sched.h>

#define RING_SIZE      16
#define ONLINE_TIMEOUT (5 * NSEC_PER_SEC)
#define CALL_TIMEOUT   (10 * NSEC_PER_SEC)
#define CALL_GIVE_UP   (60 * NSEC_PER_SEC)

struct call {
	smp_call_func_t func;
	void *info;
	atomic_t *pending;	/* counts down when the call was made; or NULL */
};

struct call_slot {
	u64 turn;		/* counts up as calls go in and out: see turn_of() */
	struct call call;
};

/* Places are numbered for ever; place n is in slot n % RING_SIZE. */
struct call_ring {
	u64 next;		/* place for the next call that comes */
	u64 first;		/* place of the next call to make */
	struct call_slot slots[RING_SIZE];
};

static DEFINE_PER_CPU(struct call_ring, call_ring);
static DEFINE_PER_CPU(unsigned long, self_call);	/* a function that waits, or 0 */
struct cpumask __cpu_online_mask;
unsigned int nr_cpu_ids = 1;

/* 1. Calls */

static struct call_slot *slot_of(struct call_ring *ring, u64 place)
{
	return &ring->slots[place % RING_SIZE];
}

/* What a slot's turn says when it is free for that place; 1 more once the call is in. */
static u64 turn_of(u64 place)
{
	return place / RING_SIZE * 2;
}

/* False when the ring is full. */
static bool ring_put(struct call_ring *ring, const struct call *call)
{
	u64 place = READ_ONCE(ring->next), turn;
	struct call_slot *slot;

	for (;;) {
		slot = slot_of(ring, place);
		turn = smp_load_acquire(&slot->turn);	/* pairs with ring_get() */
		if (turn < turn_of(place))
			return false;
		if (turn > turn_of(place))
			place = READ_ONCE(ring->next);	/* somebody has taken that place */
		else if (try_cmpxchg(&ring->next, &place, place + 1))
			break;
	}
	slot->call = *call;
	smp_store_release(&slot->turn, turn + 1);	/* pairs with ring_get() */
	return true;
}

/* By the ring's CPU only, with interrupts off. */
static bool ring_get(struct call_ring *ring, struct call *call)
{
	struct call_slot *slot = slot_of(ring, ring->first);
	u64 turn = turn_of(ring->first) + 1;

	if (smp_load_acquire(&slot->turn) != turn)	/* pairs with ring_put() */
		return false;
	*call = slot->call;
	ring->first++;
	smp_store_release(&slot->turn, turn + 1);	/* pairs with ring_put() */
	return true;
}

/* Makes the calls in this CPU's ring. Interrupts are off. */
static void make_calls(void)
{
	struct call_ring *ring = this_cpu_ptr(&call_ring);
	unsigned int n, count = preempt_count();
	struct call call;

	for (n = 0; n < RING_SIZE && ring_get(ring, &call); n++) {
		call.func(call.info);
		interrupt_check(count, call.func);
		if (call.pending)
			atomic_dec_return(call.pending);	/* the waiter may go on now */
	}
	if (n == RING_SIZE)
		arch_send_ipi(smp_processor_id(), IPI_CALL);	/* let others have a turn */
}

/* One turn of waiting since `start` for that CPU; NR_CPUS: for some. */
static void wait_a_turn(u64 start, u64 *reported, unsigned int cpu, const struct call *call)
{
	u64 waited = arch_ktime_ns() - start;

	port_relax();
	if (irqs_disabled())
		make_calls();
	if (waited - *reported < CALL_TIMEOUT)
		return;
	*reported = waited;
	if (cpu < NR_CPUS)
		pr_err("smp: CPU %u has taken no calls for %llu s, %pS waits\n", cpu,
		       waited / NSEC_PER_SEC, (void *)call->func);
	else
		pr_err("smp: %d CPUs have not called %pS for %llu s\n",
		       atomic_read(call->pending), (void *)call->func, waited / NSEC_PER_SEC);
	if (waited >= CALL_GIVE_UP)
		panic("smp: a CPU does not answer");
}

static void send_call(unsigned int cpu, const struct call *call)
{
	u64 start = arch_ktime_ns(), reported = 0;

	while (!ring_put(per_cpu_ptr(&call_ring, cpu), call))
		wait_a_turn(start, &reported, cpu, call);
	arch_send_ipi(cpu, IPI_CALL);
}

bool smp_call_self(void (*func)(void))
{
	unsigned long *waits = this_cpu_ptr(&self_call), none = 0;

	if (!try_cmpxchg(waits, &none, (unsigned long)func) && none != (unsigned long)func)
		return false;
	arch_send_self_ipi(IPI_CALL);
	return true;
}

/* What an NMI of this CPU has asked for. */
static void make_self_call(void)
{
	unsigned long func = READ_ONCE(*this_cpu_ptr(&self_call));

	if (unlikely(func)) {
		WRITE_ONCE(*this_cpu_ptr(&self_call), 0);
		((void (*)(void))func)();
	}
}

static void wait_for_calls(const struct call *call)
{
	u64 start = arch_ktime_ns(), reported = 0;

	/* Pairs with atomic_dec_return(): what the calls have written is seen from here on. */
	while (atomic_read_acquire(call->pending))
		wait_a_turn(start, &reported, NR_CPUS, call);
}

static void call_here(smp_call_func_t func, void *info)
{
	unsigned long flags;

	local_irq_save(flags);
	func(info);
	local_irq_restore(flags);
}

/* On the online CPUs of the mask but `self`, which this one is. */
static void call_others(const struct cpumask *mask, unsigned int self, smp_call_func_t func,
			void *info, bool wait)
{
	atomic_t pending = ATOMIC_INIT(0);
	struct call call = { func, info, wait ? &pending : NULL };
	unsigned int cpu;

	WARN_ON(irqs_disabled() || !in_task());
	for_each_cpu(cpu, mask) {
		if (cpu == self || !cpu_online(cpu))
			continue;
		atomic_inc(&pending);
		send_call(cpu, &call);
	}
	if (wait)
		wait_for_calls(&call);
}

int smp_call_function_single(int cpu, smp_call_func_t func, void *info, int wait)
{
	struct cpumask mask = { { 0 } };
	unsigned int self;

	if (cpu < 0 || !cpu_online((unsigned int)cpu))
		return -ENXIO;
	self = get_cpu();
	if ((unsigned int)cpu == self) {
		call_here(func, info);
	} else {
		cpumask_set_cpu((unsigned int)cpu, &mask);
		call_others(&mask, self, func, info, wait);
	}
	put_cpu();
	return 0;
}

void smp_call_function_many(const struct cpumask *mask, smp_call_func_t func, void *info,
			    bool wait)
{
	call_others(mask, smp_processor_id(), func, info, wait);
}

void smp_call_function(smp_call_func_t func, void *info, int wait)
{
	call_others(cpu_online_mask, get_cpu(), func, info, wait);
	put_cpu();
}

void on_each_cpu_mask(const struct cpumask *mask, smp_call_func_t func, void *info, bool wait)
{
	unsigned int self = get_cpu();

	call_others(mask, self, func, info, wait);
	if (cpumask_test_cpu(self, mask))
		call_here(func, info);
	put_cpu();
}

void on_each_cpu(smp_call_func_t func, void *info, int wait)
{
	on_each_cpu_mask(cpu_online_mask, func, info, wait);
}

static void stop_here(void)
{
	cpumask_clear_cpu(smp_processor_id(), &__cpu_online_mask);
	for (;;)
		port_relax();
}

void ipi_handler(enum ipi kind)
{
	switch (kind) {
	case IPI_CALL:
		make_self_call();
		make_calls();
		break;
	case IPI_STOP:
		stop_here();
		break;
	default:
		break;	/* IPI_RESCHEDULE: coming out of arch_cpu_idle() is all it is for */
	}
}

/* 2. Starting */

void smp_set_online(unsigned int cpu)
{
	cpumask_set_cpu(cpu, &__cpu_online_mask);
}

void cpu_main(unsigned int cpu)
{
	smp_set_online(cpu);
	sched_idle();
}

static void idle_entry(void)
{
	panic("an idle thread was started as a thread");
}

unsigned int smp_max_cpus(void)
{
	u64 max = NR_CPUS;

	if (cmdline_flag("nosmp"))
		return 1;
	cmdline_number("maxcpus", &max);
	return (unsigned int)clamp_t(u64, max, 1, NR_CPUS);
}

static int wait_until_online(unsigned int cpu)
{
	u64 start = arch_ktime_ns();

	while (!cpu_online(cpu)) {
		if (arch_ktime_ns() - start > ONLINE_TIMEOUT)
			return -ETIMEDOUT;
		port_relax();
	}
	return 0;
}

static int start_cpu(unsigned int cpu)
{
	struct task_struct *idle;
	int error = percpu_make(cpu);

	if (error)
		return error;
	idle = thread_make(idle_entry, "idle/%u", cpu);
	if (!idle)
		return -ENOMEM;
	sched_cpu_init(cpu, idle);
	return arch_cpu_start(cpu, idle);
}

/* What became of it. False: nothing yet. */
static bool settle(unsigned int cpu, int error)
{
	if (error == -EINPROGRESS)
		return false;
	if (!error)
		error = wait_until_online(cpu);
	if (error == -ETIMEDOUT)
		pr_err("smp: CPU %u does not answer, and is left out\n", cpu);
	else if (error)
		pr_err("smp: CPU %u cannot be started: error %d\n", cpu, error);
	return true;
}

/* Looks after those that have not come yet. */
static void look_after(struct cpumask *asked)
{
	unsigned int cpu;

	for_each_cpu(cpu, asked)
		if (settle(cpu, arch_cpu_wait(cpu, 0)))
			cpumask_clear_cpu(cpu, asked);
}

/* The same; and while those that come and may come are enough, as long as patience lasts. */
static void await_room(struct cpumask *asked, unsigned int max, u64 start)
{
	do {
		look_after(asked);
		port_relax();
	} while (!cpumask_empty(asked) && num_online_cpus() + cpumask_weight(asked) >= max &&
		 arch_ktime_ns() - start < ONLINE_TIMEOUT);
}

void smp_start(void)
{
	struct cpumask asked = { { 0 } };
	unsigned int cpu, max = smp_max_cpus();
	u64 start = arch_ktime_ns();

	nr_cpu_ids = min_t(unsigned int, arch_nr_cpus(), NR_CPUS);
	if (rseq_validate())
		panic("the table of restartable sequences is broken");
	for (cpu = 1; cpu < nr_cpu_ids && num_online_cpus() < max; cpu++) {
		if (!settle(cpu, start_cpu(cpu)))
			cpumask_set_cpu(cpu, &asked);
		await_room(&asked, max, start);
	}
	/* When patience was over, some that come late may be more than `max`, not too few. */
	for (; !cpumask_empty(&asked); port_relax())
		look_after(&asked);
	cpu = num_online_cpus();
	pr_info("smp: %u CPU%s online, of %u\n", cpu, cpu == 1 ? "" : "s", nr_cpu_ids);
}
