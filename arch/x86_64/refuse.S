/* SPDX-License-Identifier: MIT */
/*
 * Where boot.S jumps when there is nothing to boot on: says why, and stops.
 *
 * In: %esi physical address of the sentence, ends with 0; %edi which loader (layout.h);
 * %ebp distance of the image from its link address. Protected mode, paging off. This code
 * may run on any 32-bit CPU, and it never waits without a bound.
 *
 * First COM1. Then the screen: by the time we run, GRUB may have set a graphics mode, where
 * text memory shows nothing. A PC that multiboot2 started and that has no long mode has a
 * BIOS, and only the BIOS can set text mode again: so back to real mode, and ask it. For
 * other loaders, who may have come without a BIOS, straight into VGA text memory.
 */
#include "layout.h"

#define PA(symbol) ((symbol) - KERNEL_BASE)

#define COM1		0x3f8
#define COM1_STATUS	0x3fd
#define COM1_IDLE	0x20		/* in the status: can take a character */
#define COM1_TRIES	0x100000
#define VGA_TEXT	0xb8000
#define DEBUG_EXIT	0xf4
#define EFLAGS_ID	0x00200000
#define HYPERVISOR	0x80000000	/* in %ecx of CPUID leaf 1 */

/* Where the real-mode part runs, and where it finds its text. */
#define LOW		0x8000
#define LOW_TEXT	0x8400
#define LOW_STACK	0x7c00
#define IN_LOW(label)	(LOW + (label) - low_start)

	.section .text.boot, "ax"
	.code32
	.globl refuse
refuse:
	pushl %esi
	call say_on_serial
	popl %esi
	cmpl $BOOT_BY_MULTIBOOT2, %edi
	je ask_bios
	call say_on_vga
	jmp stop

/* 115200 8N1, FIFO on. A port that is not there reads all ones. */
say_on_serial:
	movw $COM1_STATUS, %dx
	inb %dx, %al
	cmpb $0xff, %al
	je 9f
	leal PA(com1_setup)(%ebp), %ebx
	movl $6, %ecx
1:	movb (%ebx), %dl
	movb 1(%ebx), %al
	outb %al, %dx
	addl $2, %ebx
	loop 1b
2:	movw $COM1_STATUS, %dx
	movl $COM1_TRIES, %ecx
3:	inb %dx, %al
	testb $COM1_IDLE, %al
	jnz 4f
	loop 3b
	ret
4:	lodsb
	testb %al, %al
	jz 9f
	movw $COM1, %dx
	outb %al, %dx
	jmp 2b
9:	ret

/* Blanks the screen and writes at its top, white on black. */
say_on_vga:
	movl $VGA_TEXT, %edi
	movl $0x0f200f20, %eax
	movl $1000, %ecx
	rep stosl
	movl $VGA_TEXT, %edi
1:	lodsb
	testb %al, %al
	jz 2f
	cmpb $' ', %al
	jb 1b
	stosw
	jmp 1b
2:	ret

/* Copies the real-mode part and the sentence to low memory and goes there. */
ask_bios:
	movl $LOW_TEXT, %edi
1:	lodsb
	stosb
	testb %al, %al
	jnz 1b
	leal PA(low_start)(%ebp), %esi
	movl $LOW, %edi
	movl $(low_end - low_start), %ecx
	rep movsb
	call in_hypervisor
	setnz IN_LOW(low_hypervisor)
	lgdt IN_LOW(low_gdt_pointer)
	ljmp $0x08, $LOW

/*
 * Clears ZF when there is a hypervisor. Only there is the port that of QEMU's isa-debug-exit:
 * on a real machine it may be anything. The oldest CPUs have no CPUID, and cannot change the
 * flag that stands for it. Changes %eax to %edx.
 */
in_hypervisor:
	pushfl
	popl %eax
	movl %eax, %ecx
	xorl $EFLAGS_ID, %eax
	pushl %eax
	popfl
	pushfl
	popl %eax
	xorl %ecx, %eax
	testl $EFLAGS_ID, %eax
	jz 1f
	movl $1, %eax
	cpuid
	testl $HYPERVISOR, %ecx
1:	ret

/* A failure, also for QEMU: its isa-debug-exit reads 0, where nothing reads all ones. */
stop:	call in_hypervisor
	jz 1f
	inb $DEBUG_EXIT, %al
	testb %al, %al
	jnz 1f
	movb $0x11, %al
	outb %al, $DEBUG_EXIT
1:	cli
	hlt
	jmp 1b

	.code16
low_start:
	movw $0x10, %ax			/* 16-bit segments, as real mode expects them */
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %fs
	movw %ax, %gs
	movw %ax, %ss
	movl %cr0, %eax
	andb $0xfe, %al
	movl %eax, %cr0
	ljmp $0, $IN_LOW(low_real)
low_real:
	xorw %ax, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movw $LOW_STACK, %sp
	lidtl IN_LOW(low_idt_pointer)
	movw $0x0003, %ax		/* BIOS: text, 80 x 25 */
	int $0x10
	movw $LOW_TEXT, %si
1:	lodsb
	testb %al, %al
	jz 2f
	movb $0x0e, %ah			/* BIOS: write a character */
	movw $0x0007, %bx
	pushw %si
	int $0x10
	popw %si
	jmp 1b
2:	cmpb $0, IN_LOW(low_hypervisor)
	je 3f
	inb $DEBUG_EXIT, %al
	testb %al, %al
	jnz 3f
	movb $0x11, %al
	outb %al, $DEBUG_EXIT
3:	cli
	hlt
	jmp 3b

	.balign 8
low_gdt:
	.quad 0
	.quad 0x00009b000000ffff	/* code and data, 16 bits, 64 KiB from 0 */
	.quad 0x000093000000ffff
low_gdt_pointer:
	.short . - low_gdt - 1
	.long IN_LOW(low_gdt)
low_idt_pointer:
	.short 0x3ff			/* the BIOS's vectors */
	.long 0
low_hypervisor:
	.byte 0
low_end:

	.section .rodata
com1_setup:				/* low byte of a port, and its value */
	.byte 0xfb, 0x80, 0xf8, 0x01, 0xf9, 0x00, 0xfb, 0x03, 0xfa, 0x07, 0xfc, 0x03

	.section .note.GNU-stack, "", @progbits
