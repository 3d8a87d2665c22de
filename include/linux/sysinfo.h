/* SPDX-License-Identifier: MIT */
/* What si_meminfo() tells; fields that have no meaning here are 0. */
#ifndef _LINUX_SYSINFO_H
#define _LINUX_SYSINFO_H

#include <linux/types.h>

struct sysinfo {
	unsigned long totalram, freeram;	/* in mem_unit, with HIGHMEM */
	unsigned long sharedram, bufferram;	/* nothing is shared or buffered here */
	unsigned long totalswap, freeswap;	/* and nothing swapped */
	unsigned long totalhigh, freehigh;	/* of it HIGHMEM */
	unsigned int mem_unit;			/* bytes: PAGE_SIZE */
};

#endif
