// SPDX-License-Identifier: MIT
/* Interrupt lines: handlers, sharing, disabling. The test plays the interrupt controller. */
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irqflags.h>
#include <linux/smp.h>
#include "kernel/cpu.h"
#include "tests/threads.h"

struct counting_device {
	atomic_t calls;
	bool mine;		/* is the interrupt its own? */
	unsigned int last_irq;
	bool context_right;
};

static irqreturn_t device_handler(int irq, void *dev_id)
{
	struct counting_device *device = dev_id;

	device->last_irq = (unsigned int)irq;
	device->context_right = in_hardirq() && irqs_disabled();
	atomic_inc_return(&device->calls);
	return IRQ_RETVAL(READ_ONCE(device->mine));
}

/* A line that no device of this machine is likely to use: the last that can be let through. */
static unsigned int test_line(void)
{
	unsigned int irq = arch_nr_irqs() - 1;

	while (irq && arch_irq_unmask(irq, 0, false))
		irq--;
	arch_irq_mask(irq);
	return irq;
}

/* What arch does when the line interrupts. */
static void interrupt(unsigned int irq)
{
	unsigned long flags;

	local_irq_save(flags);
	irq_enter();
	irq_handler(irq);
	irq_exit();
	local_irq_restore(flags);
}

#define NEED_LINE(irq) \
	unsigned int irq; \
	if (!arch_nr_irqs()) \
		SKIP("no interrupt controller for devices"); \
	irq = test_line()

SELFTEST(irq, a_handler_is_called)
{
	struct counting_device device = { .mine = true };

	NEED_LINE(irq);
	CHECK_EQ(request_irq(irq, device_handler, 0, "test", &device), 0);
	interrupt(irq);
	interrupt(irq);
	CHECK_EQ(atomic_read(&device.calls), 2);
	CHECK_EQ(device.last_irq, irq);
	CHECK(device.context_right);
	CHECK_STR(free_irq(irq, &device), "test");
	interrupt(irq);
	CHECK_EQ(atomic_read(&device.calls), 2);
}

SELFTEST(irq, requests_that_are_refused)
{
	struct counting_device device = { .mine = true }, other = { .mine = true };

	NEED_LINE(irq);
	CHECK_EQ(request_irq(arch_nr_irqs(), device_handler, 0, "x", &device), -EINVAL);
	CHECK_EQ(request_irq(~0U, device_handler, 0, "x", &device), -EINVAL);
	CHECK_EQ(request_irq(irq, NULL, 0, "x", &device), -EINVAL);
	CHECK_EQ(request_irq(irq, device_handler, IRQF_SHARED, "x", NULL), -EINVAL);
	CHECK_EQ(request_irq(irq, device_handler, 0, "x", &device), 0);
	CHECK_EQ(request_irq(irq, device_handler, IRQF_SHARED, "y", &other), -EBUSY);
	CHECK_EQ(request_irq(irq, device_handler, 0, "y", &other), -EBUSY);
	free_irq(irq, &device);
	selftest_expect_warnings(2);
	CHECK(!free_irq(irq, &device));
	CHECK(!free_irq(~0U, &device));
}

SELFTEST(irq, shared_lines)
{
	struct counting_device a = { .mine = true }, b = { .mine = false }, c = { .mine = true };

	NEED_LINE(irq);
	CHECK_EQ(request_irq(irq, device_handler, IRQF_SHARED, "a", &a), 0);
	CHECK_EQ(request_irq(irq, device_handler, IRQF_SHARED, "b", &b), 0);
	CHECK_EQ(request_irq(irq, device_handler, IRQF_SHARED, "c", &c), 0);
	interrupt(irq);
	CHECK_STR(free_irq(irq, &b), "b");
	interrupt(irq);
	CHECK_STR(free_irq(irq, &a), "a");
	interrupt(irq);
	CHECK_STR(free_irq(irq, &c), "c");
	CHECK_EQ(atomic_read(&a.calls), 2);
	CHECK_EQ(atomic_read(&b.calls), 1);
	CHECK_EQ(atomic_read(&c.calls), 3);
}

SELFTEST(irq, disabling_nests)
{
	struct counting_device device = { .mine = true };

	NEED_LINE(irq);
	CHECK_EQ(request_irq(irq, device_handler, 0, "test", &device), 0);
	disable_irq(irq);
	disable_irq_nosync(irq);
	interrupt(irq);
	enable_irq(irq);
	interrupt(irq);
	CHECK_EQ(atomic_read(&device.calls), 0);
	enable_irq(irq);
	interrupt(irq);
	CHECK_EQ(atomic_read(&device.calls), 1);
	selftest_expect_warnings(1);
	enable_irq(irq);
	free_irq(irq, &device);
}

SELFTEST(irq, a_line_that_nobody_cares_for_is_masked)
{
	struct counting_device device = { .mine = false };

	NEED_LINE(irq);
	CHECK_EQ(request_irq(irq, device_handler, IRQF_SHARED, "test", &device), 0);
	for (int i = 0; i < 999; i++)
		interrupt(irq);
	device.mine = true;
	interrupt(irq);
	device.mine = false;
	for (int i = 0; i < 1500; i++)
		interrupt(irq);
	CHECK_EQ(atomic_read(&device.calls), 2000);
	device.mine = true;
	enable_irq(irq);
	interrupt(irq);
	CHECK_EQ(atomic_read(&device.calls), 2001);
	free_irq(irq, &device);
}

/* ---- Freeing against handling ---- */

static atomic_t slow_state;

static irqreturn_t slow_handler(int irq, void *dev_id)
{
	atomic_set(&slow_state, 1);
	udelay(2000);
	atomic_set(&slow_state, 2);
	return IRQ_HANDLED;
}

static void interrupt_once(void *irq)
{
	interrupt((unsigned int)(unsigned long)irq);
}

SELFTEST(irq, free_irq_waits_for_the_handler)
{
	struct test_thread thread;
	unsigned int cpu, last = 0;

	NEED_LINE(irq);
	if (num_online_cpus() < 2)
		SKIP("one CPU");
	for_each_online_cpu(cpu)
		last = cpu;
	atomic_set(&slow_state, 0);
	CHECK_EQ(request_irq(irq, slow_handler, 0, "slow", &slow_state), 0);
	test_thread_start(&thread, (int)last, interrupt_once, (void *)(unsigned long)irq);
	while (thread.task && !atomic_read(&slow_state))
		cond_resched();
	free_irq(irq, &slow_state);
	CHECK_EQ(atomic_read(&slow_state), 2);
	test_thread_join(&thread);
}

/* ---- Handlers that do what they must not ---- */

static irqreturn_t misbehaving_handler(int irq, void *dev_id)
{
	switch (*(const int *)dev_id) {
	case 0:
		disable_irq((unsigned int)irq);	/* waits for itself */
		break;
	case 1:
		synchronize_irq((unsigned int)irq);
		break;
	case 2:
		local_irq_enable();
		break;
	case 3:
		preempt_disable();
		break;
	}
	return IRQ_HANDLED;
}

SELFTEST(irq, handlers_that_misbehave_are_reported)
{
	int how;

	NEED_LINE(irq);
	selftest_expect_warnings(4);
	for (how = 0; how < 4; how++) {
		CHECK_EQ(request_irq(irq, misbehaving_handler, 0, "test", &how), 0);
		interrupt(irq);
		CHECK_EQ(preempt_count(), 0);
		CHECK(!irqs_disabled());
		if (!how)
			enable_irq(irq);
		free_irq(irq, &how);
	}
}

static enum hrtimer_restart misbehaving_timer(struct hrtimer *timer)
{
	preempt_disable();
	return HRTIMER_NORESTART;
}

static void misbehaving_call(void *unused)
{
	preempt_disable();
}

SELFTEST(irq, timers_and_calls_that_misbehave_are_reported)
{
	struct hrtimer timer;

	selftest_expect_warnings(num_online_cpus());
	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	timer.function = misbehaving_timer;
	hrtimer_start(&timer, 1000, HRTIMER_MODE_REL);
	msleep(10);
	CHECK(!hrtimer_is_queued(&timer));
	hrtimer_cancel(&timer);
	CHECK_EQ(preempt_count(), 0);
	smp_call_function(misbehaving_call, NULL, 1);
}
