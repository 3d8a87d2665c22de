/* SPDX-License-Identifier: MIT */
/*
 * Variables that clean up when their block is left, whichever way:
 *
 *	struct thing *thing __free(kfree) = kzalloc(sizeof(*thing), GFP_KERNEL);
 *
 *	if (!thing || thing_start(thing))
 *		return NULL;			// freed
 *	return_ptr(thing);			// not freed
 *
 * Those declared last go first. An array or a structure cannot be one of them.
 */
#ifndef _LINUX_CLEANUP_H
#define _LINUX_CLEANUP_H

#include <linux/compiler.h>
#include <linux/types.h>

/* What __free(name) does with the variable's last value, which `statement` knows as _T. */
#define DEFINE_FREE(name, type, statement) \
	static __always_inline void __free_##name(void *variable) \
	{ \
		type _T = *(type *)variable; \
		statement; \
	}
#define __free(name) __maybe_unused __attribute__((__cleanup__(__free_##name)))

/* The value, which from now on nobody frees here: the variable is NULL. */
#define no_free_ptr(variable) ({ \
	__typeof__(variable) *_of = &(variable), _was = *_of; \
	*_of = NULL; \
	_was; })
#define return_ptr(variable)		return no_free_ptr(variable)
#define retain_and_null_ptr(variable)	((void)no_free_ptr(variable))

#endif
