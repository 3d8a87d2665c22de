// SPDX-License-Identifier: MIT
/* The examples of docs/api.md: a variable for each CPU. */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

static DEFINE_PER_CPU(unsigned long, events);

static int __init use_define_per_cpu(void)
{
	static DEFINE_PER_CPU(unsigned long, hits);	/* outside of a function as well */
	unsigned long cpu, sum = 0;

	this_cpu_inc(hits);	/* one instruction, on whatever CPU this is */
	for_each_possible_cpu(cpu)
		sum += per_cpu(hits, cpu);
	return sum == 1 ? 0 : -EINVAL;
}
module_init(use_define_per_cpu);

static int __init use_this_cpu(void)
{
	this_cpu_write(events, 7);
	this_cpu_add(events, 3);
	this_cpu_sub(events, 2);
	this_cpu_dec(events);
	return 0;
}
module_init(use_this_cpu);

static int __init use_this_cpu_return(void)
{
	bool ok;

	preempt_disable();	/* or the thread may go to another CPU between two of them */
	this_cpu_write(events, 4);
	ok = this_cpu_add_return(events, 1) == 5 && this_cpu_xchg(events, 1) == 5 &&
	     this_cpu_cmpxchg(events, 1, 0) == 1 && this_cpu_read(events) == 0;
	preempt_enable();
	return ok ? 0 : -EINVAL;
}
module_init(use_this_cpu_return);

static int __init use_get_cpu_var(void)
{
	unsigned long *mine = &get_cpu_var(events);	/* preemption is off until put_cpu_var() */
	bool same = mine == this_cpu_ptr(&events);

	put_cpu_var(events);
	return same ? 0 : -EINVAL;
}
module_init(use_get_cpu_var);

static int __init use_alloc_percpu(void)
{
	u64 __percpu *counter = alloc_percpu(u64);	/* cleared */

	if (!counter)
		return -ENOMEM;
	*per_cpu_ptr(counter, 0) += 1;	/* of CPU 0 */
	free_percpu(counter);
	return 0;
}
module_init(use_alloc_percpu);

static int __init use_alloc_percpu_gfp(void)
{
	u64 __percpu *counter = alloc_percpu_gfp(u64, GFP_ATOMIC);	/* or NULL */

	free_percpu(counter);
	return 0;
}
module_init(use_alloc_percpu_gfp);

static int __init use___alloc_percpu_gfp(void)
{
	void __percpu *buffers = __alloc_percpu_gfp(1024, 64, GFP_KERNEL);

	free_percpu(buffers);
	return buffers ? 0 : -ENOMEM;
}
module_init(use___alloc_percpu_gfp);

static int __init use___alloc_percpu(void)
{
	void __percpu *buffers = __alloc_percpu(1024, 64);

	free_percpu(buffers);	/* NULL is fine */
	return buffers ? 0 : -ENOMEM;
}
module_init(use___alloc_percpu);
