/* SPDX-License-Identifier: MIT */
/* The rare parts of reference counts: see linux/refcount.h. No locks of their own. */
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/refcount.h>

static const char *const reasons[] = {
	[REFCOUNT_ADD_OVF] = "too many references; it will never be freed",
	[REFCOUNT_ADD_UAF] = "raised from 0; use after free",
	[REFCOUNT_SUB_UAF] = "lowered below 0; use after free",
	[REFCOUNT_DEC_LEAK] = "the last reference was dropped where nobody frees; leak",
	[REFCOUNT_ADD_NOT_ZERO_OVF] = "too many references; it will never be freed",
};

/* A count that is saturated already is not news. */
void refcount_warn_saturate(refcount_t *r, enum refcount_saturation_type type)
{
	int value = atomic_xchg_relaxed(&r->refs, REFCOUNT_SATURATED);

	if (value < REFCOUNT_SATURATED + 0x20000000 && value > REFCOUNT_SATURATED - 0x20000000)
		return;
	pr_warn("refcount_t: %s\n", reasons[type]);
	WARN_ON(true);
}

bool refcount_dec_not_one(refcount_t *r)
{
	int old = atomic_read(&r->refs);

	do {
		if (old < 0)
			return true;	/* saturated: it stays */
		if (old == 1)
			return false;
		if (!old) {
			refcount_warn_saturate(r, REFCOUNT_SUB_UAF);
			return true;
		}
	} while (!atomic_try_cmpxchg_release(&r->refs, &old, old - 1));
	return true;
}

bool refcount_dec_and_lock(refcount_t *r, spinlock_t *lock)
{
	if (refcount_dec_not_one(r))
		return false;
	spin_lock(lock);
	if (refcount_dec_and_test(r))
		return true;
	spin_unlock(lock);
	return false;
}
