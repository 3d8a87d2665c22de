/* SPDX-License-Identifier: MIT */
/*
 * The way into trap_handler() for each of the 256 vectors, and back.
 *
 * Stub n lies at trap_stubs + 16 * n. It pushes 0 where the CPU pushed no error code, then
 * its number; trap_common saves the rest as struct trap_frame (traps.h).
 */
#include "layout.h"

/* Bit n: the CPU pushes an error code for vector n. 8, 10 to 14, 17, 21, 29, 30. */
#define ERROR_CODE_VECTORS 0x60227d00

	.text
	.balign 16
	.globl trap_stubs
trap_stubs:
	.set vector, 0
	.rept 256
	.balign 16
	.if vector > 31 || !((ERROR_CODE_VECTORS >> (vector & 31)) & 1)
	pushq $0
	.endif
	pushq $vector
	jmp trap_common
	.set vector, vector + 1
	.endr

	.balign 16
	.type trap_common, @function
trap_common:
	cld
	pushq %rax
	pushq %rbx
	pushq %rcx
	pushq %rdx
	pushq %rsi
	pushq %rdi
	pushq %rbp
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, %rdi
	/*
	 * A frame for backtraces: "called" by the interrupted instruction. One byte further,
	 * because a return address stands behind the call that it is taken for.
	 */
	pushq 17 * 8(%rdi)
	incq (%rsp)
	pushq %rbp
	movq %rsp, %rbp
	call trap_handler
	addq $16, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rbp
	popq %rdi
	popq %rsi
	popq %rdx
	popq %rcx
	popq %rbx
	popq %rax
	addq $16, %rsp
	iretq
	.size trap_common, . - trap_common

	.section .note.GNU-stack, "", @progbits
