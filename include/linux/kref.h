/* SPDX-License-Identifier: MIT */
/* A count of references inside an object, which is released with the last of them. */
#ifndef _LINUX_KREF_H
#define _LINUX_KREF_H

#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>

struct kref {
	refcount_t refcount;
};

#define KREF_INIT(n) { .refcount = REFCOUNT_INIT(n) }

static inline void kref_init(struct kref *kref) { refcount_set(&kref->refcount, 1); }
static inline unsigned int kref_read(const struct kref *kref)
{
	return refcount_read(&kref->refcount);
}

/* The caller has a reference already. */
static inline void kref_get(struct kref *kref) { refcount_inc(&kref->refcount); }
/* Or not, and found the object where it could still be found. */
static inline int __must_check kref_get_unless_zero(struct kref *kref)
{
	return refcount_inc_not_zero(&kref->refcount);
}

/* 1 if that was the last, and release() was called. */
static inline int kref_put(struct kref *kref, void (*release)(struct kref *kref))
{
	if (!refcount_dec_and_test(&kref->refcount))
		return 0;
	release(kref);
	return 1;
}

/* The same; release() is called under the lock, and lets it go. */
static inline int kref_put_lock(struct kref *kref, void (*release)(struct kref *kref),
				spinlock_t *lock)
{
	spin_lock(lock);
	if (kref_put(kref, release))
		return 1;
	spin_unlock(lock);
	return 0;
}

static inline int kref_put_mutex(struct kref *kref, void (*release)(struct kref *kref),
				 struct mutex *mutex)
{
	mutex_lock(mutex);
	if (kref_put(kref, release))
		return 1;
	mutex_unlock(mutex);
	return 0;
}

#endif
