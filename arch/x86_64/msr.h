/* SPDX-License-Identifier: MIT */
/* Instructions that C has no words for: CPUID, model-specific and control registers. */
#ifndef ARCH_MSR_H
#define ARCH_MSR_H

#include <linux/types.h>

#define MSR_MCG_CAP	0x179
#define MSR_MCG_STATUS	0x17a
#define MSR_MCG_CTL	0x17b
#define MSR_PAT		0x277
#define MSR_MC0_CTL	0x400		/* each bank: CTL, STATUS, ADDR, MISC */
#define MSR_MC0_STATUS	0x401
#define MSR_MC0_ADDR	0x402
#define MSR_MC0_MISC	0x403
#define MSR_EFER	0xc0000080
#define MSR_GS_BASE	0xc0000101

#define MCG_CTL_PRESENT	(1ULL << 8)
#define EFER_NXE	(1ULL << 11)
#define CR0_WP		(1UL << 16)
#define CR4_PAE		(1UL << 5)
#define CR4_LA57	(1UL << 12)
#define CR4_MCE		(1UL << 6)
#define CR4_PGE		(1UL << 7)
#define CR4_UMIP	(1UL << 11)
#define CR4_SMEP	(1UL << 20)
#define CR4_SMAP	(1UL << 21)

struct cpuid_regs {
	u32 a, b, c, d;
};

static inline struct cpuid_regs cpuid(u32 leaf, u32 subleaf)
{
	struct cpuid_regs r;

	__asm__ __volatile__("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
			     : "a"(leaf), "c"(subleaf));
	return r;
}

static inline u64 rdmsr(u32 msr)
{
	u32 low, high;

	__asm__ __volatile__("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (u64)high << 32 | low;
}

static inline void wrmsr(u32 msr, u64 value)
{
	__asm__ __volatile__("wrmsr" :: "c"(msr), "a"((u32)value), "d"((u32)(value >> 32))
			     : "memory");
}

#define CONTROL_REGISTER(cr) \
static inline unsigned long read_##cr(void) \
{ \
	unsigned long value; \
\
	__asm__ __volatile__("mov %%" #cr ", %0" : "=r"(value)); \
	return value; \
} \
static inline void write_##cr(unsigned long value) \
{ \
	__asm__ __volatile__("mov %0, %%" #cr :: "r"(value) : "memory"); \
}
CONTROL_REGISTER(cr0)
CONTROL_REGISTER(cr2)
CONTROL_REGISTER(cr3)
CONTROL_REGISTER(cr4)
#undef CONTROL_REGISTER

#endif
