/* SPDX-License-Identifier: MIT */
/*
 * Where a further CPU begins: from real mode to ap_main() on its own stack.
 *
 * The first half is copied to a page below 1 MiB (smp_boot.c): a CPU starts at offset 0 of it
 * with %cs = page / 16 and nothing else known. It never changes once it is there, and any
 * number of CPUs may run it at once. It turns on what boot.S turned on for the first CPU, uses
 * the same boot tables, and leaves for the second half, which is part of the image.
 *
 * There the CPU finds out who it is by its APIC id. If nobody waits for it - it was asked long
 * ago and given up, or never - it halts; otherwise it has a stack. ap_state, one word a
 * CPU, says so: only the step from AP_ASKED to AP_ARRIVED leads on, and it is one locked
 * instruction, so that it cannot be taken back meanwhile.
 */
#include "layout.h"

#define HERE(label) ((label) - trampoline_start)

	.section .rodata
	.balign 16
	.globl trampoline_start, trampoline_end, trampoline_fields
	.code16
trampoline_start:
	cli
	cld
	movw %cs, %ax
	movw %ax, %ds
	xorl %ebx, %ebx
	movw %ax, %bx
	shll $4, %ebx				/* %ebx: where we are, from here on */
	lgdtl HERE(field_gdt_pointer)
	movl $0x11, %eax			/* CR0: PE, ET; caches on */
	movl %eax, %cr0
	ljmpl *HERE(field_protected)

	.code32
protected:
	movw $KERNEL_DS, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl HERE(field_cr4)(%ebx), %eax	/* PAE, and LA57 as CPU 0 has it */
	movl %eax, %cr4
	movl HERE(field_boot_root)(%ebx), %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx			/* EFER: long mode, and NX as CPU 0 has it */
	rdmsr
	orl HERE(field_efer)(%ebx), %eax
	wrmsr
	movl $0x80010033, %eax			/* CR0: PG, WP, NE, ET, MP, PE */
	movl %eax, %cr0
	ljmpl *HERE(field_long)(%ebx)

	.code64
long_mode:
	movabsq $ap_entry, %rax
	jmp *%rax

	.balign 8
trampoline_gdt:
	.quad 0
	.quad 0x00af9b000000ffff		/* KERNEL_CS: 64-bit code */
	.quad 0x00cf93000000ffff		/* KERNEL_DS: data */
	.quad 0x00cf9b000000ffff		/* and 32-bit code, for the way */
trampoline_gdt_end:
	/* What depends on where the page and the image are: struct trampoline_fields. */
	.balign 8
trampoline_fields:
field_protected:
	.long HERE(protected), 0x18		/* + page */
field_long:
	.long HERE(long_mode), KERNEL_CS	/* + page */
field_gdt_pointer:
	.short trampoline_gdt_end - trampoline_gdt - 1
	.long HERE(trampoline_gdt)		/* + page */
	.short 0
field_boot_root:
	.long 0
field_efer:
	.long 0
field_cr4:
	.long 0
trampoline_end:

	.text
	.code64
	.type ap_entry, @function
ap_entry:
	lgdt gdt_pointer(%rip)			/* the page will be out of sight */
	movl $KERNEL_DS, %eax
	movl %eax, %ss
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %fs
	movl %eax, %gs
	movq ap_root(%rip), %rax
	movq %rax, %cr3

	/* %eax: the APIC id. Where registers lie in memory they are all that has it for sure. */
	movl $0x1b, %ecx
	rdmsr
	movq apic_registers(%rip), %rdx
	testl $0x400, %eax
	jnz 1f
	testq %rdx, %rdx
	jz 1f
	movl 0x20(%rdx), %eax
	shrl $24, %eax
	jmp 2f
1:	movl $0xb, %eax				/* an x2APIC's id is CPUID's as well */
	xorl %ecx, %ecx
	cpuid
	movl %edx, %eax

	/* %edi: the number of this CPU. CPU 0 has been here before all others. */
2:	movl $1, %edi
3:	cmpl cpu_count(%rip), %edi
	jae refuse_cpu
	cmpl %eax, cpu_apic_ids(, %rdi, 4)
	je 4f
	incl %edi
	jmp 3b

4:	movq per_cpu_offset(, %rdi, 8), %rax
	testq %rax, %rax			/* 0 is CPU 0's */
	jz refuse_cpu
	movq %rax, %rdx
	shrq $32, %rdx
	movl $0xc0000101, %ecx			/* GS base */
	wrmsr
	movl $AP_ASKED, %eax
	movl $AP_ARRIVED, %ecx
	lock cmpxchgl %ecx, %gs:ap_state
	jne refuse_cpu
	movq %gs:ap_stack, %rsp
	xorl %ebp, %ebp
	pushq $0				/* the end of every backtrace */
	jmp ap_main				/* (its number) */

refuse_cpu:
	lock incl ap_refusals(%rip)
5:	cli
	hlt
	jmp 5b
	.size ap_entry, . - ap_entry

	.section .note.GNU-stack, "", @progbits
