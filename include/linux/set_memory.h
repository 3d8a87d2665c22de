/* SPDX-License-Identifier: MIT */
/*
 * Rights of pages in the vmalloc area, page by page. Nothing is writable and executable: make
 * code read-only before it is made executable, and take that away before writing again. `addr`
 * is a page's; all pages must be mapped by one live area, whose owner calls. 0; -EINVAL for
 * what is refused (reported); -ENOMEM. All CPUs see the new rights on return. May sleep.
 */
#ifndef _LINUX_SET_MEMORY_H
#define _LINUX_SET_MEMORY_H

int set_memory_ro(unsigned long addr, int numpages);
int set_memory_rw(unsigned long addr, int numpages);
int set_memory_nx(unsigned long addr, int numpages);
int set_memory_x(unsigned long addr, int numpages);
/* Read-only and executable in one step. */
int set_memory_rox(unsigned long addr, int numpages);

#endif
