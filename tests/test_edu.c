/* SPDX-License-Identifier: MIT */
/*
 * A driver for QEMU's teaching device, `-device edu`: it computes factorials, says when it is
 * done by an interrupt, and copies between memory and a buffer of its own.
 */
#include <linux/delay.h>
#include <linux/pci.h>
#include <tests/threads.h>

#define EDU_DEVICE 0x11e8

/* Registers, 32 bits each. */
enum {
	EDU_ID = 0x00, EDU_INVERSE = 0x04, EDU_FACTORIAL = 0x08, EDU_STATUS = 0x20,
	EDU_IRQ_STATUS = 0x24, EDU_IRQ_RAISE = 0x60, EDU_IRQ_ACK = 0x64,
};

#define EDU_ID_MASK	 0x0000ffff
#define EDU_ID_VALUE	 0x000000ed
#define EDU_COMPUTING	 0x01		/* in EDU_STATUS */
#define EDU_WANT_IRQ	 0x80
#define EDU_IRQ_DONE	 0x01		/* in EDU_IRQ_STATUS: a factorial is done */

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
