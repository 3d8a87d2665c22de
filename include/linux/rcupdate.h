/* SPDX-License-Identifier: MIT */
/*
 * Read-copy update: readers that never wait, and writers who free what readers may still look
 * at only after all of them have looked away. See kernel/rcu.c.
 *
 * A reader may not sleep. Whatever forbids switching threads makes one: rcu_read_lock(), a spin
 * lock, preemption or interrupts off, an interrupt. So the _sched and _bh forms are the same.
 */
#ifndef _LINUX_RCUPDATE_H
#define _LINUX_RCUPDATE_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/preempt.h>
#include <quarry/port.h>
#include <linux/types.h>

typedef void (*rcu_callback_t)(struct rcu_head *head);

static inline void rcu_read_lock(void) { preempt_disable(); }
static inline void rcu_read_unlock(void) { preempt_enable(); }
#define rcu_read_lock_sched()	rcu_read_lock()
#define rcu_read_unlock_sched()	rcu_read_unlock()
#define rcu_read_lock_bh()	rcu_read_lock()
#define rcu_read_unlock_bh()	rcu_read_unlock()
#define rcu_read_lock_held()	(in_atomic() || port_irqs_disabled())

/* A reader's look at a pointer that writers change: what it points to is complete. */
#define rcu_dereference(p) ({ __typeof__(p) _seen = smp_load_acquire(&(p)); _seen; })
#define rcu_dereference_check(p, cond) rcu_dereference(p)
#define rcu_dereference_raw(p) rcu_dereference(p)
/* A writer's, who holds the lock that orders writers. */
#define rcu_dereference_protected(p, cond) (p)
/* Its value only, not to be followed. */
#define rcu_access_pointer(p) READ_ONCE(p)
/* Publishes: pairs with rcu_dereference(). The other: where no reader looks yet, or NULL. */
#define rcu_assign_pointer(p, v) smp_store_release(&(p), (__typeof__(p))(v))
#define RCU_INIT_POINTER(p, v) WRITE_ONCE(p, (__typeof__(p))(v))
#define rcu_replace_pointer(p, v, cond) ({ \
	__typeof__(p) _old = (p); \
	rcu_assign_pointer(p, v); \
	_old; })

/* Returns when every reader that was at it has ended. May sleep. */
void synchronize_rcu(void);
#define synchronize_rcu_expedited() synchronize_rcu()

/*
 * Has func(head) called, in a thread, when every reader that is at it has ended. func may not
 * sleep. `head` belongs to RCU until then. Any context but NMIs. A caller who may sleep and
 * has made far more of these than were done is made to wait a little: what waits to be freed
 * cannot use up all memory.
 */
void call_rcu(struct rcu_head *head, rcu_callback_t func);
#define call_rcu_hurry(head, func) call_rcu(head, func)
/* Returns when every callback that was queued before has been called. May sleep. */
void rcu_barrier(void);
/* How many callbacks were queued and not called so far. */
unsigned long rcu_pending(void);

/* The older names; init and destroy of a head are nothing. */
#define synchronize_sched()		synchronize_rcu()
#define synchronize_rcu_bh()		synchronize_rcu()
#define call_rcu_sched(head, func)	call_rcu(head, func)
#define call_rcu_bh(head, func)		call_rcu(head, func)
#define rcu_barrier_sched()		rcu_barrier()
#define rcu_barrier_bh()		rcu_barrier()
#define INIT_RCU_HEAD(head)		do { } while (0)
#define init_rcu_head(head)		do { } while (0)
#define destroy_rcu_head(head)		do { } while (0)

/*
 * Frees after a grace period what kmalloc() or a cache gave, by a struct rcu_head inside the
 * object; kvfree_rcu() also what came from vmalloc(). NULL is fine. Any context but NMIs. Without
 * a head inside they may sleep: the _mightsleep() forms, and up to Linux 6.3 the others with one
 * argument.
 */
#define kfree_rcu(ptr, ...) \
	__RCU_FREE(ptr, ##__VA_ARGS__, __kfree_rcu_field, kfree_rcu_mightsleep)(ptr, ##__VA_ARGS__)
#define kvfree_rcu(ptr, ...) \
	__RCU_FREE(ptr, ##__VA_ARGS__, __kvfree_rcu_field, kvfree_rcu_mightsleep) \
		(ptr, ##__VA_ARGS__)
#define __RCU_FREE(ptr, field, form, ...) form
#define __kfree_rcu_field(ptr, field)  __rcu_free_field(__kfree_call_rcu, ptr, field)
#define __kvfree_rcu_field(ptr, field) __rcu_free_field(__kvfree_call_rcu, ptr, field)
#define __rcu_free_field(call, ptr, field) do { \
	__typeof__(ptr) _p = (ptr); \
	if (_p) \
		call(&_p->field); \
} while (0)
void kfree_rcu_mightsleep(const void *object);
void kvfree_rcu_mightsleep(const void *addr);
void __kfree_call_rcu(struct rcu_head *head);
void __kvfree_call_rcu(struct rcu_head *head);

/* Where threads start: call_rcu() works before that, but nothing is called yet. */
int rcu_init(void);

#endif
