/* SPDX-License-Identifier: MIT */
/*
 * Other CPUs. Functions called there run in an interrupt, must be short, and may not sleep.
 * Callers may hold no lock that such a function takes, and have interrupts on: two CPUs
 * that call each other with interrupts off would wait for ever. See kernel/smp.c.
 */
#ifndef _LINUX_SMP_H
#define _LINUX_SMP_H

#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

typedef void (*smp_call_func_t)(void *info);

/* Runs func(info) on that CPU; wait: returns when it has. -ENXIO when it is not online. */
int smp_call_function_single(int cpu, smp_call_func_t func, void *info, int wait);
/*
 * From an NMI or any other context: has this CPU call it in an interrupt, as soon as it takes one;
 * once, however often that is asked for before. False: another function waits.
 */
bool smp_call_self(void (*func)(void));
/* On all online CPUs of the mask but this one. Preemption must be off. */
void smp_call_function_many(const struct cpumask *mask, smp_call_func_t func, void *info,
			    bool wait);
/* On all online CPUs but this one. */
void smp_call_function(smp_call_func_t func, void *info, int wait);
/* On all online CPUs, on this one with interrupts off. The other: on those of the mask. */
void on_each_cpu(smp_call_func_t func, void *info, int wait);
void on_each_cpu_mask(const struct cpumask *mask, smp_call_func_t func, void *info, bool wait);

#endif
