/* SPDX-License-Identifier: MIT */
/*
 * Linked first, as text_end.S is linked last: between the two lies Quarry's own code, before
 * that of run-time libraries which are linked into the program.
 */
	.text
	.globl	hosted_text_start
hosted_text_start:
	.section .note.GNU-stack, "", @progbits
