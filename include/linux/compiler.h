/* SPDX-License-Identifier: MIT */
/* Names for what GCC and Clang can be told about code and data. */
#ifndef _LINUX_COMPILER_H
#define _LINUX_COMPILER_H

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define barrier()	__asm__ __volatile__("" ::: "memory")
#define unreachable()	__builtin_unreachable()

#define __always_inline	inline __attribute__((__always_inline__))
#define noinline	__attribute__((__noinline__))
#define __noreturn	__attribute__((__noreturn__))
#define __packed	__attribute__((__packed__))
#define __aligned(n)	__attribute__((__aligned__(n)))
#define __section(s)	__attribute__((__section__(s)))
#define __used		__attribute__((__used__))
#define __maybe_unused	__attribute__((__unused__))
#define __must_check	__attribute__((__warn_unused_result__))
#define __always_unused	__maybe_unused
#define __attribute_const__ __attribute__((__const__))
#define __pure		__attribute__((__pure__))
#define __deprecated
#define __weak		__attribute__((__weak__))
#define __cold		__attribute__((__cold__))
#define __malloc	__attribute__((__malloc__))
#define __printf(f, a)	__attribute__((__format__(printf, f, a)))
#define fallthrough	__attribute__((__fallthrough__))

/* Annotations that only Linux's checkers read. */
#define __iomem
#define __user
#define __force
#define __percpu
#define __rcu
#define __init
#define __exit
#define __initdata
#define __initconst
#define __exitdata
#define __devinit
#define __devexit
#define __read_mostly
#define __ro_after_init
#define asmlinkage
#define __acquires(l)
#define __releases(l)

/* One access, never torn, never repeated, never merged. Orders nothing else. */
#ifndef QUARRY_TSAN
#define READ_ONCE(x)	 (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#else	/* ThreadSanitizer knows atomic accesses, and takes a volatile one for a plain one. */
#define READ_ONCE(x)	 __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), v, __ATOMIC_RELAXED)
#endif

#define ACCESS_ONCE(x) (*(volatile __typeof__(x) *)&(x))	/* up to Linux 4.14 */

#define _RET_IP_	((unsigned long)__builtin_return_address(0))

#endif
