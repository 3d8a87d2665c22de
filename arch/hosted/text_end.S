/* SPDX-License-Identifier: MIT */
/* The end of Quarry's own code; see text_start.S. */
	.text
	.globl	hosted_text_end
hosted_text_end:
	.section .note.GNU-stack, "", @progbits
