/* SPDX-License-Identifier: MIT */
/*
 * From the loader's 32-bit mode to kernel_main() in the higher half.
 *
 * Two ways in: GRUB by the multiboot2 header, QEMU and Xen by the PVH note. Both call in
 * protected mode, paging off, %ebx pointing to what they have to tell. The image may lie
 * anywhere (layout.h), so the first thing is to find out where: %ebp holds the distance
 * from where it was linked, and PA(symbol)(%ebp) is a symbol's physical address.
 *
 * Kept throughout the 32-bit part: %ebp distance, %edi the loader's structure, %esi which
 * loader. The boot tables use 2 MiB pages, all writable and executable; paging.c replaces
 * them. .bss is zero: both protocols promise it.
 */
#include "layout.h"

#define PA(symbol) ((symbol) - KERNEL_BASE)

#define MB2_HEADER_MAGIC 0xe85250d6
#define MB2_LOADER_MAGIC 0x36d76289
#define PTE_TABLE	 0x03		/* present, writable */
#define PTE_LARGE	 0x83		/* and 2 MiB large */
#define LARGE_PAGE	 0x200000

	.section .multiboot2, "a"
	.balign 8
mb2_header:
	.long MB2_HEADER_MAGIC
	.long 0					/* architecture: i386 */
	.long mb2_end - mb2_header
	.long 0x100000000 - (MB2_HEADER_MAGIC + (mb2_end - mb2_header))

	.balign 8				/* what we would like to be told; optional */
	.short 1, 1
	.long 40
	.long 1, 2, 3, 6, 8, 14, 15, 4
	.balign 8				/* framebuffer of any size; optional */
	.short 5, 1
	.long 20
	.long 0, 0, 0
	.balign 8				/* modules on page borders */
	.short 6, 0
	.long 8
	.balign 8				/* relocatable: from 16 MiB, by 2 MiB, lowest */
	.short 10, 0
	.long 24
	.long 0x1000000, 0xffffffff, LARGE_PAGE, 1
	.balign 8
	.short 0, 0
	.long 8
mb2_end:

	.section .note.Xen, "a", @note
	.balign 4
	.long 4, 8, 18				/* sizes of name and value; PHYS32_ENTRY */
	.asciz "Xen"
	.quad PA(start_pvh)

	.section .text.boot, "ax"
	.code32
	.globl start_multiboot2, start_pvh
start_pvh:
	movl $BOOT_BY_PVH, %esi
	jmp find_self
start_multiboot2:
	movl $BOOT_BY_MULTIBOOT2, %esi

find_self:
	cli
	cld
	movl %ebx, %edi
	/* There is no stack yet. Borrow one word of low memory for a call, and give it back. */
	movl $0x8000, %esp
	movl -4(%esp), %ecx
	call 1f
1:	popl %ebp
	movl %ecx, -4(%esp)
	subl $PA(1b), %ebp
	leal PA(boot_stack_top)(%ebp), %esp

	cmpl $BOOT_BY_PVH, %esi
	je 2f
	cmpl $MB2_LOADER_MAGIC, %eax
	jne unknown_loader
2:	call check_long_mode
	call build_boot_tables
	jmp enter_long_mode

/* Returns if the CPU has long mode. Leaves CPUID's extended features in cpu_extended. */
check_long_mode:
	pushfl					/* CPUID exists if this flag can be changed */
	popl %eax
	movl %eax, %ecx
	xorl $0x200000, %eax
	pushl %eax
	popfl
	pushfl
	popl %eax
	xorl %ecx, %eax
	testl $0x200000, %eax
	jz no_long_mode
	movl $0x80000000, %eax
	cpuid
	cmpl $0x80000001, %eax
	jb no_long_mode
	movl $0x80000001, %eax
	cpuid
	btl $29, %edx
	jnc no_long_mode
	movl %edx, PA(cpu_extended)(%ebp)
	ret

/* 4 GiB at 0 and at DIRECT_BASE, and the image at KERNEL_BASE. Clobbers %eax to %edx. */
build_boot_tables:
	leal PA(boot_pd)(%ebp), %ebx		/* 2048 large pages */
	movl $PTE_LARGE, %eax
	movl $2048, %ecx
1:	movl %eax, (%ebx)
	addl $LARGE_PAGE, %eax
	addl $8, %ebx
	loop 1b

	leal PA(boot_pdpt)(%ebp), %ebx		/* the four directories above */
	leal PA(boot_pd) + PTE_TABLE(%ebp), %eax
	movl $4, %ecx
1:	movl %eax, (%ebx)
	addl $PAGE_BYTES, %eax
	addl $8, %ebx
	loop 1b

	/* The image: the directory's entries that cover it, at its distance. */
	leal PA(image_start) + PTE_LARGE(%ebp), %eax
	leal PA(boot_pd_image)(%ebp), %ebx
	addl $image_pd_offset, %ebx
	movl $image_nr_large, %ecx
1:	movl %eax, (%ebx)
	addl $LARGE_PAGE, %eax
	addl $8, %ebx
	loop 1b

	leal PA(boot_pd_image) + PTE_TABLE(%ebp), %eax
	movl %eax, PA(boot_pdpt_image) + 510 * 8(%ebp)
	leal PA(boot_pdpt_image) + PTE_TABLE(%ebp), %eax
	movl %eax, PA(boot_pml4) + 511 * 8(%ebp)
	leal PA(boot_pdpt) + PTE_TABLE(%ebp), %eax
	movl %eax, PA(boot_pml4)(%ebp)
	movl %eax, PA(boot_pml4) + ((DIRECT_BASE >> 39) & 511) * 8(%ebp)
	ret

enter_long_mode:
	movl $0x20, %eax			/* CR4: PAE, nothing else */
	movl %eax, %cr4
	leal PA(boot_pml4)(%ebp), %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx			/* EFER: long mode, and NX where there is NX */
	rdmsr
	orl $0x100, %eax
	btl $20, PA(cpu_extended)(%ebp)
	jnc 1f
	orl $0x800, %eax
1:	wrmsr
	movl $0x80010033, %eax			/* CR0: PG, WP, NE, ET, MP, PE; caches on */
	movl %eax, %cr0
	leal PA(gdt)(%ebp), %eax
	movl %eax, PA(gdt_pointer) + 2(%ebp)
	lgdt PA(gdt_pointer)(%ebp)
	pushl $KERNEL_CS
	leal PA(start64)(%ebp), %eax
	pushl %eax
	lretl

unknown_loader:
	leal PA(text_unknown_loader)(%ebp), %esi
	movl $BOOT_BY_NOBODY, %edi
	jmp refuse
no_long_mode:
	movl %esi, %edi
	leal PA(text_no_long_mode)(%ebp), %esi
	jmp refuse

	.code64
start64:
	movabsq $1f, %rax			/* out of the identity map */
	jmp *%rax
1:	movl $KERNEL_DS, %eax
	movl %eax, %ss
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %fs
	movl %eax, %gs				/* its base is 0: CPU 0's (linux/percpu.h) */
	movq $boot_stack_top, %rsp
	movl %ebp, %eax
	movq %rax, image_delta(%rip)
	movl %edi, %eax
	movl %esi, %edi				/* kernel_main(loader, its structure) */
	movl %eax, %esi
	xorl %ebp, %ebp				/* the end of every backtrace */
	call kernel_main
	ud2

	.section .rodata
text_no_long_mode:
	.asciz "\r\nBail out! Quarry needs a 64-bit x86 processor: this one has no long mode.\r\n"
text_unknown_loader:
	.asciz "\r\nBail out! Quarry must be started by a multiboot2 loader or by PVH.\r\n"

	.data
	.balign 16
	.globl gdt, gdt_pointer
gdt:	.quad 0
	.quad 0x00af9b000000ffff		/* KERNEL_CS: 64-bit code */
	.quad 0x00cf93000000ffff		/* KERNEL_DS: data */
gdt_end:
gdt_pointer:
	.short gdt_end - gdt - 1
	.quad 0
	.globl image_delta
	.balign 8
image_delta:
	.quad 0
cpu_extended:
	.long 0

	.section .bss.tables, "aw", @nobits
	.balign PAGE_BYTES
	.globl boot_pml4
boot_pml4:	 .skip PAGE_BYTES
boot_pdpt:	 .skip PAGE_BYTES
boot_pd:	 .skip PAGE_BYTES * 4
boot_pdpt_image: .skip PAGE_BYTES
boot_pd_image:	 .skip PAGE_BYTES
	.globl stacks
stacks:		 .skip STACK_STRIDE * NR_STACKS + PAGE_BYTES
	.set boot_stack_top, stacks + STACK_STRIDE * (STACK_BOOT + 1)

	.section .note.GNU-stack, "", @progbits
