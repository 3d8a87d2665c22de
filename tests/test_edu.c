/* SPDX-License-Identifier: MIT */
/*
 * A driver for QEMU's teaching device, `-device edu`: it computes factorials, says when it is
 * done by an interrupt, and copies between memory and a buffer of its own.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/highmem.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include "mm/dma.h"
#include <tests/threads.h>

#define EDU_DEVICE 0x11e8

/* Registers, 32 bits each. */
enum {
	EDU_ID = 0x00, EDU_INVERSE = 0x04, EDU_FACTORIAL = 0x08, EDU_STATUS = 0x20,
	EDU_IRQ_STATUS = 0x24, EDU_IRQ_RAISE = 0x60, EDU_IRQ_ACK = 0x64,
	EDU_DMA_FROM = 0x80, EDU_DMA_TO = 0x88, EDU_DMA_SIZE = 0x90, EDU_DMA_COMMAND = 0x98,
};

#define EDU_ID_MASK	 0x0000ffff
#define EDU_ID_VALUE	 0x000000ed
#define EDU_COMPUTING	 0x01		/* in EDU_STATUS */
#define EDU_WANT_IRQ	 0x80
#define EDU_IRQ_DONE	 0x01		/* in EDU_IRQ_STATUS: a factorial is done */
#define EDU_IRQ_COPIED	 0x100		/* a copy is */
#define EDU_DMA_RUN	 0x1		/* in EDU_DMA_COMMAND */
#define EDU_DMA_OUT	 0x2		/* from the device into memory */
#define EDU_DMA_WANT_IRQ 0x4
#define EDU_BUFFER	 0x40000	/* the device's own buffer, as its DMA engine sees it */
#define EDU_BUFFER_SIZE	 4092	/* of 4096: it counts one too many when it checks */
#define EDU_MASK	 DMA_BIT_MASK(28)

struct edu {
	struct pci_dev *pdev;
	void __iomem *regs;
	atomic_t interrupts;
	u32 causes;		/* bits of EDU_IRQ_STATUS that were seen */
};

static struct edu edu;

static irqreturn_t edu_interrupt(int irq, void *data)
{
	struct edu *e = data;
	u32 cause = readl(e->regs + EDU_IRQ_STATUS);

	if (!cause)
		return IRQ_NONE;
	writel(cause, e->regs + EDU_IRQ_ACK);
	WRITE_ONCE(e->causes, e->causes | cause);
	atomic_inc(&e->interrupts);
	return IRQ_HANDLED;
}

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int error = pci_enable_device(pdev);

	if (error)
		return error;
	error = pci_request_regions(pdev, "edu");
	if (error)
		goto disable;
	error = dma_set_mask_and_coherent(&pdev->dev, EDU_MASK);
	if (error)
		goto release;
	pci_set_master(pdev);
	edu.regs = pci_iomap(pdev, 0, 0);
	error = -ENOMEM;
	if (!edu.regs)
		goto release;
	edu.pdev = pdev;
	return 0;
release:
	pci_release_regions(pdev);
disable:
	pci_disable_device(pdev);
	return error;
}

static void edu_remove(struct pci_dev *pdev)
{
	pci_iounmap(pdev, edu.regs);
	pci_release_regions(pdev);
	pci_disable_device(pdev);
	edu.pdev = NULL;
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_QEMU, EDU_DEVICE) }, { 0 }
};
static struct pci_driver edu_driver = {
	.name = "edu", .id_table = edu_ids, .probe = edu_probe, .remove = edu_remove,
};

/* False: there is no such device. */
static bool edu_start(void)
{
	edu = (struct edu){ 0 };
	CHECK_EQ(pci_register_driver(&edu_driver), 0);
	if (edu.pdev)
		return true;
	pci_unregister_driver(&edu_driver);
	return false;
}

static void edu_stop(void)
{
	pci_unregister_driver(&edu_driver);
	CHECK(!edu.pdev);
}

#define NEED_EDU() \
	do { if (!edu_start()) SKIP("no edu device on this machine"); } while (0)

static bool edu_computes(void)
{
	return readl(edu.regs + EDU_STATUS) & EDU_COMPUTING;
}

static u32 factorial(u32 n)
{
	u32 product = 1;

	while (n)
		product *= n--;
	return product;
}

SELFTEST(edu, registers_answer)
{
	NEED_EDU();
	CHECK_EQ(readl(edu.regs + EDU_ID) & EDU_ID_MASK, EDU_ID_VALUE);
	writel(0x12345678, edu.regs + EDU_INVERSE);
	CHECK_EQ(readl(edu.regs + EDU_INVERSE), ~0x12345678U);
	edu_stop();
}

SELFTEST(edu, a_factorial_is_waited_for)
{
	NEED_EDU();
	for (u32 n = 1; n <= 10; n += 3) {
		writel(0, edu.regs + EDU_STATUS);
		writel(n, edu.regs + EDU_FACTORIAL);
		WAIT_UNTIL(!edu_computes());
		CHECK_EQ(readl(edu.regs + EDU_FACTORIAL), factorial(n));
	}
	edu_stop();
}

/* Three factorials, each announced by an interrupt of that kind; then none without a handler. */
static void factorials_by_interrupt(unsigned int kind, unsigned long flags)
{
	int irq;

	if (pci_alloc_irq_vectors(edu.pdev, 1, 1, kind) != 1) {
		selftest_skip("no such interrupt for the device");
		return;
	}
	irq = pci_irq_vector(edu.pdev, 0);
	CHECK_EQ(edu.pdev->msi_enabled, kind == PCI_IRQ_MSI);
	if (CHECK_EQ(request_irq(irq, edu_interrupt, flags, "edu", &edu), 0)) {
		for (int i = 1; i <= 3; i++) {
			writel(EDU_WANT_IRQ, edu.regs + EDU_STATUS);
			writel(5 + i, edu.regs + EDU_FACTORIAL);
			WAIT_UNTIL(atomic_read(&edu.interrupts) == i);
			CHECK_EQ(readl(edu.regs + EDU_FACTORIAL), factorial(5 + i));
		}
		CHECK_EQ(READ_ONCE(edu.causes), EDU_IRQ_DONE);
		writel(0x100, edu.regs + EDU_IRQ_RAISE);
		WAIT_UNTIL(READ_ONCE(edu.causes) == (EDU_IRQ_DONE | 0x100));
		free_irq(irq, &edu);
	}
	writel(0x100, edu.regs + EDU_IRQ_RAISE);
	msleep(2);
	writel(0x100, edu.regs + EDU_IRQ_ACK);
	CHECK_EQ(atomic_read(&edu.interrupts), 4);
	pci_free_irq_vectors(edu.pdev);
}

SELFTEST(edu, a_factorial_is_announced_by_a_message)
{
	NEED_EDU();
	factorials_by_interrupt(PCI_IRQ_MSI, 0);
	edu_stop();
}

SELFTEST(edu, a_factorial_is_announced_on_a_shared_line)
{
	NEED_EDU();
	factorials_by_interrupt(PCI_IRQ_INTX, IRQF_SHARED);
	edu_stop();
}

/* ---- DMA ---- */

/* One copy between the device's buffer and memory, which it reaches at `addr`. */
static void edu_copy(dma_addr_t addr, size_t size, bool out)
{
	CHECK(addr + size - 1 <= EDU_MASK);
	writel(out ? EDU_BUFFER : addr, edu.regs + EDU_DMA_FROM);
	writel(out ? addr : EDU_BUFFER, edu.regs + EDU_DMA_TO);
	writel(size, edu.regs + EDU_DMA_SIZE);
	writel(EDU_DMA_RUN | (out ? EDU_DMA_OUT : 0), edu.regs + EDU_DMA_COMMAND);
	WAIT_UNTIL(!(readl(edu.regs + EDU_DMA_COMMAND) & EDU_DMA_RUN));
}

static void fill(u8 *data, size_t size, unsigned int seed)
{
	for (size_t i = 0; i < size; i++)
		data[i] = (u8)(seed + 3 * i + i / 256);
}

static bool is_filled(const u8 *data, size_t size, unsigned int seed)
{
	for (size_t i = 0; i < size; i++)
		if (data[i] != (u8)(seed + 3 * i + i / 256))
			return false;
	return true;
}

SELFTEST(edu, coherent_memory_goes_there_and_back)
{
	dma_addr_t handle;
	u8 *data;

	NEED_EDU();
	data = dma_alloc_coherent(&edu.pdev->dev, EDU_BUFFER_SIZE, &handle, GFP_KERNEL);
	if (CHECK(data)) {
		fill(data, EDU_BUFFER_SIZE, 11);
		edu_copy(handle, EDU_BUFFER_SIZE, false);
		memset(data, 0, EDU_BUFFER_SIZE);
		edu_copy(handle + 1024, EDU_BUFFER_SIZE - 1024, true);
		CHECK(!memchr_inv(data, 0, 1024));
		CHECK(is_filled(data + 1024, EDU_BUFFER_SIZE - 1024, 11));
		dma_free_coherent(&edu.pdev->dev, EDU_BUFFER_SIZE, data, handle);
	}
	edu_stop();
}

/* Lends the data to the device for one copy, in either direction. */
static void stream(struct page *page, size_t offset, size_t size, bool out)
{
	enum dma_data_direction dir = out ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
	dma_addr_t addr = dma_map_page(&edu.pdev->dev, page, offset, size, dir);

	if (!CHECK(!dma_mapping_error(&edu.pdev->dev, addr)))
		return;
	edu_copy(addr, size, out);
	dma_unmap_page(&edu.pdev->dev, addr, size, dir);
}

SELFTEST(edu, a_kmalloc_buffer_is_streamed_there_and_back)
{
	u8 *data = kmalloc(700, GFP_KERNEL);

	if (!edu_start()) {
		kfree(data);
		SKIP("no edu device on this machine");
	}
	if (CHECK(data)) {
		fill(data, 700, 23);
		stream(virt_to_page(data), offset_in_page(data), 700, false);
		memset(data, 0, 700);
		stream(virt_to_page(data), offset_in_page(data), 700, true);
		CHECK(is_filled(data, 700, 23));
		kfree(data);
	}
	edu_stop();
}

#define FAR_ORDER (MAX_ORDER - 1)

/* A large block that the device does not reach; NULL: this machine has none. */
static struct page *find_far(void)
{
	struct page *page, *next, *found = NULL;
	LIST_HEAD(near);

	while (!found && (page = alloc_pages(GFP_HIGHUSER | __GFP_NOWARN, FAR_ORDER))) {
		if (page_to_phys(page) > EDU_MASK)
			found = page;
		else
			list_add(&page->lru, &near);
	}
	list_for_each_entry_safe(page, next, &near, lru) {
		list_del(&page->lru);
		__free_pages(page, FAR_ORDER);
	}
	return found;
}

/* The device reads and writes memory beyond its mask: the low buffer must have been between. */
SELFTEST(edu, memory_out_of_its_reach_bounces)
{
	struct bounce_stats before, after;
	static u8 data[3000];
	struct page *page;

	NEED_EDU();
	page = find_far();
	if (CHECK(page)) {
		CHECK(PageHighMem(page) || !totalhigh_pages());
		bounce_get_stats(&before);
		fill(data, sizeof(data), 42);
		memcpy_to_page(page + 5, 96, (char *)data, sizeof(data));
		stream(page + 5, 96, sizeof(data), false);
		stream(page + 9, 1000, sizeof(data), true);
		memset(data, 0, sizeof(data));
		memcpy_from_page((char *)data, page + 9, 1000, sizeof(data));
		CHECK(is_filled(data, sizeof(data), 42));
		bounce_get_stats(&after);
		CHECK_EQ(after.maps - before.maps, 2);
		CHECK_EQ(after.pages, before.pages);
		__free_pages(page, FAR_ORDER);
	}
	edu_stop();
}

SELFTEST(edu, a_copy_is_announced_by_an_interrupt)
{
	dma_addr_t handle;
	u8 *data;
	int irq;

	NEED_EDU();
	data = dma_alloc_coherent(&edu.pdev->dev, 64, &handle, GFP_KERNEL);
	CHECK_EQ(pci_alloc_irq_vectors(edu.pdev, 1, 1, PCI_IRQ_ALL_TYPES), 1);
	irq = pci_irq_vector(edu.pdev, 0);
	if (CHECK(data) && CHECK_EQ(request_irq(irq, edu_interrupt, IRQF_SHARED, "edu", &edu), 0)) {
		writel(handle, edu.regs + EDU_DMA_FROM);
		writel(EDU_BUFFER, edu.regs + EDU_DMA_TO);
		writel(64, edu.regs + EDU_DMA_SIZE);
		writel(EDU_DMA_RUN | EDU_DMA_WANT_IRQ, edu.regs + EDU_DMA_COMMAND);
		WAIT_UNTIL(READ_ONCE(edu.causes) & EDU_IRQ_COPIED);
		free_irq(irq, &edu);
	}
	pci_free_irq_vectors(edu.pdev);
	dma_free_coherent(&edu.pdev->dev, 64, data, handle);
	edu_stop();
}
