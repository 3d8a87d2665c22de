/* SPDX-License-Identifier: MIT */
/* Machine checks. See mce.c. */
#ifndef ARCH_MCE_H
#define ARCH_MCE_H

#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/types.h>

/* MSR_MCG_CAP, MSR_MCG_STATUS */
#define MCG_RECOVERY	BIT_ULL(24)	/* errors can be told apart by S and AR */
#define MCG_RESTARTABLE BIT_ULL(0)	/* the program can go on where it was interrupted */
#define MCG_IN_PROGRESS BIT_ULL(2)

/* A bank's status */
#define MCI_VALID	    BIT_ULL(63)
#define MCI_OVERFLOW	    BIT_ULL(62)	/* an error before this one is lost */
#define MCI_UNCORRECTED	    BIT_ULL(61)
#define MCI_ENABLED	    BIT_ULL(60)
#define MCI_MISC	    BIT_ULL(59)	/* the bank's third register says something */
#define MCI_ADDRESS	    BIT_ULL(58)
#define MCI_CONTEXT_CORRUPT BIT_ULL(57)	/* the CPU's own state is wrong */
#define MCI_SIGNALLED	    BIT_ULL(56)
#define MCI_ACTION_REQUIRED BIT_ULL(55)	/* an instruction needed what is lost */

/* A bank's third register: what its address is, and how many low bits of it mean nothing. */
#define MISC_PHYSICAL 2
#define MISC_WIDEST   12	/* one page is lost, not more */

enum mce_severity { MCE_NOTHING, MCE_CORRECTED, MCE_RECOVERABLE, MCE_FATAL };

/* From the global registers and one bank's. */
enum mce_severity mce_severity(u64 capabilities, u64 global, u64 status, u64 misc);

/*
 * How many banks the first register of capabilities names. Those beyond 32 cannot be reached by
 * MSR_MC0_*: other registers of the CPU begin there.
 */
static inline unsigned int mce_nr_banks(u64 capabilities)
{
	return min_t(unsigned int, capabilities & 0xff, 32);
}

/* The trap's handler: false when the run cannot go on; then nothing was changed. */
bool mce_survived(void);
/* Prints what the banks hold. */
void mce_report(void);
/* Prints what lies in this CPU's banks from before the boot, and empties them. */
void mce_forget(void);
/* Threads work: from here on a page can be taken out of use. All CPUs' banks begin empty. */
void mce_init(void);

#endif
