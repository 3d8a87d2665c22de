/* SPDX-License-Identifier: MIT */
/* DMA by PCI device, as Linux had it up to 5.17: linux/dma-mapping.h under other names. */
#ifndef _LINUX_PCI_DMA_COMPAT_H
#define _LINUX_PCI_DMA_COMPAT_H

#include <linux/dma-mapping.h>
#include <linux/dmapool.h>

#define PCI_DMA_BIDIRECTIONAL DMA_BIDIRECTIONAL
#define PCI_DMA_TODEVICE      DMA_TO_DEVICE
#define PCI_DMA_FROMDEVICE    DMA_FROM_DEVICE
#define PCI_DMA_NONE	      DMA_NONE

/* NULL stays NULL, and is refused with a line that says so. */
#define __PCI_DMA_DEV(pdev) ({ \
	__typeof__(pdev) _pdev = (pdev); \
	_pdev ? &_pdev->dev : NULL; })

#define pci_set_dma_mask(pdev, mask)		 dma_set_mask(__PCI_DMA_DEV(pdev), mask)
#define pci_set_consistent_dma_mask(pdev, mask)	 dma_set_coherent_mask(__PCI_DMA_DEV(pdev), mask)
#define pci_dma_supported(pdev, mask)		 dma_supported(__PCI_DMA_DEV(pdev), mask)

/* Never sleep. */
#define pci_alloc_consistent(pdev, size, handle) \
	dma_alloc_coherent(__PCI_DMA_DEV(pdev), size, handle, GFP_ATOMIC)
#define pci_zalloc_consistent(pdev, size, handle) pci_alloc_consistent(pdev, size, handle)
#define pci_free_consistent(pdev, size, virt, handle) \
	dma_free_coherent(__PCI_DMA_DEV(pdev), size, virt, handle)

/* Directions were plain numbers. */
#define __PCI_DMA_DIR(dir) ((enum dma_data_direction)(dir))
#define pci_map_single(pdev, ptr, size, dir) \
	dma_map_single(__PCI_DMA_DEV(pdev), ptr, size, __PCI_DMA_DIR(dir))
#define pci_unmap_single(pdev, addr, size, dir) \
	dma_unmap_single(__PCI_DMA_DEV(pdev), addr, size, __PCI_DMA_DIR(dir))
#define pci_map_page(pdev, page, offset, size, dir) \
	dma_map_page(__PCI_DMA_DEV(pdev), page, offset, size, __PCI_DMA_DIR(dir))
#define pci_unmap_page(pdev, addr, size, dir) \
	dma_unmap_page(__PCI_DMA_DEV(pdev), addr, size, __PCI_DMA_DIR(dir))
#define pci_map_sg(pdev, sg, nents, dir) \
	dma_map_sg(__PCI_DMA_DEV(pdev), sg, nents, __PCI_DMA_DIR(dir))
#define pci_unmap_sg(pdev, sg, nents, dir) \
	dma_unmap_sg(__PCI_DMA_DEV(pdev), sg, nents, __PCI_DMA_DIR(dir))
#define pci_dma_mapping_error(pdev, addr) dma_mapping_error(__PCI_DMA_DEV(pdev), addr)
#define pci_dma_sync_single_for_cpu(pdev, addr, size, dir) \
	dma_sync_single_for_cpu(__PCI_DMA_DEV(pdev), addr, size, __PCI_DMA_DIR(dir))
#define pci_dma_sync_single_for_device(pdev, addr, size, dir) \
	dma_sync_single_for_device(__PCI_DMA_DEV(pdev), addr, size, __PCI_DMA_DIR(dir))
#define pci_dma_sync_sg_for_cpu(pdev, sg, nents, dir) \
	dma_sync_sg_for_cpu(__PCI_DMA_DEV(pdev), sg, nents, __PCI_DMA_DIR(dir))
#define pci_dma_sync_sg_for_device(pdev, sg, nents, dir) \
	dma_sync_sg_for_device(__PCI_DMA_DEV(pdev), sg, nents, __PCI_DMA_DIR(dir))

#define pci_pool dma_pool
#define pci_pool_create(name, pdev, size, align, boundary) \
	dma_pool_create(name, __PCI_DMA_DEV(pdev), size, align, boundary)
#define pci_pool_destroy(pool)		       dma_pool_destroy(pool)
#define pci_pool_alloc(pool, gfp, handle)      dma_pool_alloc(pool, gfp, handle)
#define pci_pool_zalloc(pool, gfp, handle)     dma_pool_zalloc(pool, gfp, handle)
#define pci_pool_free(pool, virt, handle)      dma_pool_free(pool, virt, handle)

/* For drivers that keep what the unmap needs; followed by no semicolon. */
#define DECLARE_PCI_UNMAP_ADDR(name)	       dma_addr_t name;
#define DECLARE_PCI_UNMAP_LEN(name)	       u32 name;
#define pci_unmap_addr(ptr, name)	       dma_unmap_addr(ptr, name)
#define pci_unmap_addr_set(ptr, name, value)   dma_unmap_addr_set(ptr, name, value)
#define pci_unmap_len(ptr, name)	       dma_unmap_len(ptr, name)
#define pci_unmap_len_set(ptr, name, value)    dma_unmap_len_set(ptr, name, value)

#endif
