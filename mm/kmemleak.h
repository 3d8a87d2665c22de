/* SPDX-License-Identifier: MIT */
/* Objects that nothing points to. See kmemleak.c. */
#ifndef MM_KMEMLEAK_H
#define MM_KMEMLEAK_H

#include <linux/kmemleak.h>
#include <linux/types.h>

/* What is known of an object, in its record. New ones are 0. */
enum {
	LEAK_REACHED = 1,	/* this scan has found a pointer to it */
	LEAK_SCANNED = 2,	/* and looks, or has looked, at what it points to */
	LEAK_NOT = 4,		/* as its user says: kmemleak_not_leak() */
	LEAK_IGNORE = 8,	/* kmemleak_ignore() */
	LEAK_NO_SCAN = 16,	/* kmemleak_no_scan() */
	LEAK_SUSPECT = 32,	/* the last scan did not reach it */
	LEAK_FOUND = 64,	/* nor the one before */
};

extern bool kmemleak_on;	/* from quarry_plan() */

#endif
