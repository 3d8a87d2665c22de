/* SPDX-License-Identifier: MIT */
/*
 * Variables of which each CPU has its own.
 *
 * DEFINE_PER_CPU puts a variable into the section `percpu`, which is CPU 0's copy. Each other
 * CPU gets a copy of what the section held at start-up, and its GS base is the distance from
 * CPU 0's copy to its own: so %gs:variable is this CPU's, in one instruction, on bare metal
 * and in the hosted port alike.
 *
 * The this_cpu_ operations are one instruction each: an interrupt comes before or after, and
 * no other CPU looks (so no lock prefix). this_cpu_ptr() and smp_processor_id() are only
 * stable while the thread cannot move: preemption or interrupts off, or pinned.
 */
#ifndef _LINUX_PERCPU_H
#define _LINUX_PERCPU_H

#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/export.h>
#include <linux/types.h>
#include <quarry/config.h>

#define NR_CPUS QUARRY_NR_CPUS

#define DECLARE_PER_CPU(type, name) extern __typeof__(type) name
#define DEFINE_PER_CPU(type, name)  __section("percpu") __typeof__(type) name
#define DEFINE_PER_CPU_READ_MOSTLY(type, name) DEFINE_PER_CPU(type, name)
#define DEFINE_PER_CPU_ALIGNED(type, name) DEFINE_PER_CPU(type, name) __aligned(64)
#define DEFINE_PER_CPU_SHARED_ALIGNED(type, name) DEFINE_PER_CPU_ALIGNED(type, name)
#define EXPORT_PER_CPU_SYMBOL(name)	EXPORT_SYMBOL(name)
#define EXPORT_PER_CPU_SYMBOL_GPL(name) EXPORT_SYMBOL_GPL(name)

/* Distance from CPU 0's copy to a CPU's; constant once the CPU was started. */
extern unsigned long per_cpu_offset[NR_CPUS];

#define per_cpu_ptr(ptr, cpu) \
	((__typeof__(ptr))((unsigned long)(ptr) + per_cpu_offset[cpu]))
#define per_cpu(var, cpu) (*per_cpu_ptr(&(var), cpu))

#define this_cpu_read(var) ({ \
	__typeof__(var) _v; \
	__asm__ __volatile__("mov %%gs:%1, %0" : "=r"(_v) : "m"(var)); \
	_v; })
#define this_cpu_write(var, val) do { \
	__typeof__(var) _v = (val); \
	__asm__ __volatile__("mov %1, %%gs:%0" : "=m"(var) : "r"(_v)); \
} while (0)
#define __PERCPU_OP(op, var, val) do { \
	__typeof__(var) _v = (val); \
	__asm__ __volatile__(op " %1, %%gs:%0" : "+m"(var) : "r"(_v) : "cc"); \
} while (0)
#define this_cpu_add(var, val) __PERCPU_OP("add", var, val)
#define this_cpu_sub(var, val) __PERCPU_OP("sub", var, val)
#define this_cpu_and(var, val) __PERCPU_OP("and", var, val)
#define this_cpu_or(var, val)  __PERCPU_OP("or", var, val)
#define this_cpu_inc(var) this_cpu_add(var, 1)
#define this_cpu_dec(var) this_cpu_sub(var, 1)
#define this_cpu_add_return(var, val) ({ \
	__typeof__(var) _a = (val), _n = _a; \
	__asm__ __volatile__("xadd %0, %%gs:%1" : "+r"(_n), "+m"(var) :: "cc", "memory"); \
	(__typeof__(var))(_n + _a); })
#define this_cpu_inc_return(var) this_cpu_add_return(var, 1)
#define this_cpu_dec_return(var) this_cpu_add_return(var, -1)
#define this_cpu_sub_return(var, val) this_cpu_add_return(var, -(__typeof__(var))(val))
#define this_cpu_xchg(var, val) ({ \
	__typeof__(var) _n = (val), _o = this_cpu_read(var), _p; \
	while ((_p = this_cpu_cmpxchg(var, _o, _n)) != _o) \
		_o = _p; \
	_o; })
#define this_cpu_cmpxchg(var, old, new) ({ \
	__typeof__(var) _was = (old), _new = (new); \
	__asm__ __volatile__("cmpxchg %2, %%gs:%1" : "+a"(_was), "+m"(var) : "r"(_new) \
			     : "cc", "memory"); \
	_was; })

/* True when it was *old; otherwise *old is what it was. */
#define this_cpu_try_cmpxchg(var, old, new) ({ \
	__typeof__(var) *_seen = (old), _expected = *_seen; \
	*_seen = this_cpu_cmpxchg(var, _expected, new); \
	*_seen == _expected; })

/* In Linux these are for where the thread cannot move: here they are the same. */
#define __this_cpu_read(var)		this_cpu_read(var)
#define __this_cpu_write(var, val)	this_cpu_write(var, val)
#define __this_cpu_add(var, val)	this_cpu_add(var, val)
#define __this_cpu_sub(var, val)	this_cpu_sub(var, val)
#define __this_cpu_inc(var)		this_cpu_inc(var)
#define __this_cpu_dec(var)		this_cpu_dec(var)
#define __this_cpu_add_return(var, val)	this_cpu_add_return(var, val)
#define __this_cpu_inc_return(var)	this_cpu_inc_return(var)
#define __this_cpu_xchg(var, val)	this_cpu_xchg(var, val)
#define __this_cpu_cmpxchg(var, old, new) this_cpu_cmpxchg(var, old, new)
#define raw_cpu_read(var)		this_cpu_read(var)
#define raw_cpu_write(var, val)		this_cpu_write(var, val)
#define raw_cpu_add(var, val)		this_cpu_add(var, val)
#define raw_cpu_inc(var)		this_cpu_inc(var)
#define raw_cpu_dec(var)		this_cpu_dec(var)

DECLARE_PER_CPU(unsigned long, this_cpu_offset);
DECLARE_PER_CPU(unsigned int, cpu_number);

/*
 * An object that each CPU has one of, cleared: the pointer is for per_cpu_ptr(), this_cpu_ptr()
 * and, with the object's fields, the this_cpu_ operations. size up to 32 KiB, align up to a page.
 * May sleep; NULL when there is no memory. CPUs that come later have it, too.
 */
void *__alloc_percpu(size_t size, size_t align);
/*
 * The same with flags; those that may not sleep get what fits into pages that are there already.
 * With GFP_ATOMIC and GFP_NOWAIT: any context but NMIs.
 */
void *__alloc_percpu_gfp(size_t size, size_t align, gfp_t gfp);
#define alloc_percpu_gfp(type, gfp) \
	((__typeof__(type) __percpu *)__alloc_percpu_gfp(sizeof(type), __alignof__(type), gfp))
#define alloc_percpu(type) \
	((__typeof__(type) __percpu *)__alloc_percpu(sizeof(type), __alignof__(type)))
/* Any context. NULL is fine. */
void free_percpu(void *object);
DEFINE_FREE(free_percpu, void __percpu *, free_percpu(_T))

#define this_cpu_ptr(ptr) \
	((__typeof__(ptr))((unsigned long)(ptr) + this_cpu_read(this_cpu_offset)))
#define raw_cpu_ptr(ptr) this_cpu_ptr(ptr)
#define __this_cpu_ptr(ptr) this_cpu_ptr(ptr)
#define __get_cpu_var(var) (*this_cpu_ptr(&(var)))	/* the name up to Linux 3.18 */
#define smp_processor_id() this_cpu_read(cpu_number)
#define raw_smp_processor_id() smp_processor_id()
#define get_cpu() ({ preempt_disable(); smp_processor_id(); })
#define put_cpu() preempt_enable()
#define get_cpu_var(var) (*({ preempt_disable(); this_cpu_ptr(&(var)); }))
#define put_cpu_var(var) preempt_enable()
#define get_cpu_ptr(ptr) ({ preempt_disable(); this_cpu_ptr(ptr); })
#define put_cpu_ptr(ptr) preempt_enable()

#endif
