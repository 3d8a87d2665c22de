/* SPDX-License-Identifier: MIT */
/* Which way data goes, as seen from memory. */
#ifndef _LINUX_DMA_DIRECTION_H
#define _LINUX_DMA_DIRECTION_H

enum dma_data_direction {
	DMA_BIDIRECTIONAL = 0,
	DMA_TO_DEVICE = 1,	/* the device reads */
	DMA_FROM_DEVICE = 2,	/* the device writes */
	DMA_NONE = 3,
};

#endif
