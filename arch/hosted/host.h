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
int host_ram_map(unsigned long va, unsigned long pa, unsigned long size, int writable,
		 int executable);
/* Changes the rights of pieces that are mapped. */
int host_protect(unsigned long va, unsigned long size, int writable, int executable);
/* Makes part of a reservation fault again. */
int host_ram_unmap(unsigned long va, unsigned long size);
/* Cleared memory of the process itself, in use only where touched; never given back. */
void *host_alloc(unsigned long size);

/* Makes part of a reservation ordinary memory of the process: cleared, 0; or -1. */
int host_commit(unsigned long va, unsigned long size);

/* A file's content, to be read only; NULL when it cannot be had. Stays mapped. */
const void *host_map_file(const char *path, unsigned long *size);

/* --- output and exit: host.c --- */

void host_write(const char *text, unsigned long len);
/* Ends the process without running anything more, but for host_last_words(code) if set. */
extern void (*host_last_words)(int code);
void host_exit(int code) __attribute__((__noreturn__));

/* --- symbols: host_symbols.c --- */

void host_symbols_open(void);
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
 * stack of its own. fn does not return. Before, of an access: recover, which says whether to
 * try it again.
 */
int host_catch_faults(void (*fn)(const struct host_fault *),
		      int (*recover)(const struct host_fault *), unsigned int seconds);
/* The time limit begins anew; 0: none. */
void host_time_limit(unsigned int seconds);
/* Touch one byte: 1, or 0 if that faulted. */
int host_probe_read(const void *va, unsigned char *value);
int host_probe_write(void *va, unsigned char value);
/* Gives the calling thread a stack for faults; 0, or -1. */
int host_fault_stack_set(void);
/* The stack that main() runs on. */
void host_main_stack(unsigned long *start, unsigned long *size);
/* Is addr on a stack for faults? 1 + a number for each of them, or 0. */
unsigned int host_on_fault_stack(unsigned long addr);

#define HOST_SIGNAL_KICK  34	/* an interrupt from another CPU; libc has 32 and 33 */
#define HOST_SIGNAL_TIMER 35	/* the CPU's timer */
#define HOST_SIGNAL_STOP  36	/* the CPU stops for good */
#define HOST_SIGNAL_BIT(number) (1UL << ((number) - 1))

/*
 * fn(number, siginfo, context) is called for a signal, at once: no sanitizer puts it off.
 * `flags` as for sigaction(), `mask`: the bits of signals that wait meanwhile.
 */
int host_signal(int number, void *fn, int flags, unsigned long mask);

/* --- CPUs and time: host_cpu.c --- */

#define HOST_MAX_CPUS 256

/*
 * An interrupt of a CPU calls fn on that CPU, on the stack it is on: *pc is where the CPU
 * was, and may be changed; timer: it is from the CPU's timer. Others wait until fn returns.
 */
int host_catch_interrupts(void (*fn)(unsigned long *pc, int timer));
/* The calling thread becomes CPU 0; 0, or -1. */
int host_cpu_adopt(unsigned int cpu);
/* A new thread becomes CPU `cpu` and calls entry, which does not return. 0, or -1. */
int host_cpu_start(unsigned int cpu, unsigned long gs_base, void (*entry)(unsigned int cpu));
/* Interrupts a CPU. Any context; a CPU that was not started is left alone. */
void host_cpu_kick(unsigned int cpu);
/* Interrupts this CPU again in a moment. */
void host_cpu_retry(unsigned int cpu);
/* Stops every CPU but `self`, wherever it is; waits a second for that at most. */
void host_cpus_stop(unsigned int self);
/* Sleeps while *word is 0, until an interrupt, or for no reason. */
void host_cpu_wait(const unsigned int *word);
/* For ever. */
void host_sleep(void) __attribute__((__noreturn__));
/* Lets other threads of the host run. */
void host_yield(void);
/* Interrupts the CPU once in ns nanoseconds; 0: not at all. */
void host_timer_set(unsigned int cpu, unsigned long ns);
unsigned long host_time_ns(void);

#endif
