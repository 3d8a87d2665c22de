/* SPDX-License-Identifier: MIT */
/*
 * What the hosted port asks of Linux. libc's headers and ours cannot meet in one file (both
 * have <linux/errno.h>), so host*.c are compiled against libc alone, the rest of the port
 * against ours alone, and this header, which uses built-in types only, stands between them.
 */
#ifndef HOSTED_HOST_H
#define HOSTED_HOST_H

/* --- memory: host.c --- */

/*
 * Address space that nothing is mapped in, aligned to 2 MiB: at `hint` if that is free,
 * elsewhere if not; 0 when there is none.
 */
unsigned long host_reserve(unsigned long hint, unsigned long size);
/* Makes the RAM: [0, size) of physical addresses, all zeroes, no host memory used until
 * touched. 0, or -1. Once. */
int host_ram_create(unsigned long size);
/* Fills [pa, pa + size) of it with bytes nobody would mistake for zeroes. */
int host_ram_soil(unsigned long pa, unsigned long size);
/* Maps a piece of RAM over part of a reservation; 0, or -1 with nothing changed. */
int host_ram_map(unsigned long va, unsigned long pa, unsigned long size, int writable);
/* Makes part of a reservation fault again. */
int host_ram_unmap(unsigned long va, unsigned long size);
/* Cleared memory of the process itself, in use only where touched; never given back. */
void *host_alloc(unsigned long size);

/* --- output and exit: host.c --- */

void host_write(const char *text, unsigned long len);
/* Ends the process without running anything more. */
void host_exit(int code) __attribute__((__noreturn__));

/* --- symbols: host_symbols.c --- */

/* The function around addr in this program, static ones too: 1, or 0. No heap, no locks. */
int host_symbol(unsigned long addr, const char **name, unsigned long *offset,
		unsigned long *size);

/* --- faults: host_fault.c --- */

#define HOST_NR_REGS 17		/* of struct host_fault */

struct host_fault {
	const char *what;	/* "page fault", "time limit", … */
	int is_access, is_write; /* a touch of memory; a writing one */
	unsigned long address;	/* that was touched */
	unsigned long pc;
	unsigned long regs[HOST_NR_REGS];
};

extern const char *const host_reg_names[HOST_NR_REGS];

/*
 * From now on fatal signals, and a run longer than `seconds` (0: no limit), call fn, on a
 * stack of its own. fn does not return.
 */
int host_catch_faults(void (*fn)(const struct host_fault *), unsigned int seconds);
/* Touch one byte: 1, or 0 if that faulted. */
int host_probe_read(const void *va, unsigned char *value);
int host_probe_write(void *va, unsigned char value);
/* Is [addr, addr + size) part of a stack of this thread? 1: the stack, 2: that of faults. */
int host_on_stack(unsigned long addr, unsigned long size);

#endif
