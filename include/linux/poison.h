/* SPDX-License-Identifier: MIT */
/* What bytes say in memory that nobody may read, or write. */
#ifndef _LINUX_POISON_H
#define _LINUX_POISON_H

#define POISON_INUSE 0x5a	/* given out, not yet written */
#define POISON_FREE  0x6b	/* free */
#define POISON_END   0xa5	/* the last byte of what is free */

#define SLUB_RED_INACTIVE 0xbb	/* beside an object that is free */
#define SLUB_RED_ACTIVE	  0xcc	/* beside one in use */

#endif
