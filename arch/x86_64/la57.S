/* SPDX-License-Identifier: MIT */
/*
 * From four levels of page tables to five, on the first CPU. CR4.LA57 cannot change while paging
 * is on, and without paging there is no 64-bit mode, so the way leads through 32-bit code:
 *
 *	64-bit code, in the image, at its high address
 *	32-bit code, at its physical address, which the boot tables map one to one
 *	  paging off; LA57 on; the new root; paging on
 *	64-bit code, at its physical address, and from there back to the high one
 *
 * Descriptors come from a table at its physical address meanwhile. Interrupts are off; an NMI in
 * between would end the machine, as it would at any earlier point of the boot.
 */
#include "layout.h"

#define CODE32 0x18
#define CR0_PG 0x80000000
#define CR4_LA57 0x1000

	.text
	.code64
	.globl la57_switch
	.type la57_switch, @function
/* la57_switch(physical address of the root, of the image's address 0): both below 4 GiB. */
la57_switch:
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, la57_stack(%rip)		/* no register keeps its upper half */
	sgdt la57_old_gdt(%rip)

	leaq la57_gdt - KERNEL_BASE(%rsi), %rax
	movq %rax, la57_gdt_pointer + 2(%rip)
	lgdt la57_gdt_pointer(%rip)
	leaq 1f - KERNEL_BASE(%rsi), %rax
	leaq 2f - KERNEL_BASE(%rsi), %rbx	/* where 64-bit code goes on */
	pushq $CODE32
	pushq %rax
	lretq

	.code32
1:	movl $KERNEL_DS, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl %cr0, %ecx
	movl %ecx, %eax
	andl $~CR0_PG, %eax
	movl %eax, %cr0
	movl %cr4, %eax
	orl $CR4_LA57, %eax
	movl %eax, %cr4
	movl %edi, %cr3
	movl %ecx, %cr0
	/* A far jump without a stack: to the address in memory, whose own is computed. */
	leal la57_target - KERNEL_BASE(%esi), %eax
	movl %ebx, (%eax)
	ljmpl *(%eax)

	.code64
2:	movabsq $3f, %rax			/* out of the identity map */
	jmp *%rax
3:	movq la57_stack(%rip), %rsp
	lgdt la57_old_gdt(%rip)
	movl $KERNEL_DS, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	ret
	.size la57_switch, . - la57_switch

	.data
	.balign 16
la57_gdt:
	.quad 0
	.quad 0x00af9b000000ffff		/* KERNEL_CS: 64-bit code */
	.quad 0x00cf93000000ffff		/* KERNEL_DS: data */
	.quad 0x00cf9b000000ffff		/* CODE32 */
la57_gdt_end:
la57_gdt_pointer:
	.short la57_gdt_end - la57_gdt - 1
	.quad 0
la57_old_gdt:
	.short 0
	.quad 0
	.balign 8
la57_stack:
	.quad 0
la57_target:
	.long 0, KERNEL_CS

	.section .note.GNU-stack, "", @progbits
