/* SPDX-License-Identifier: MIT */
/* The PCI devices of this machine, and drivers for them. */
#include <linux/pci.h>
#include <arch/x86_64/pci.h>
#include <tests/selftest.h>

static unsigned int probed, removed;
static int probe_result;

static int test_probe(struct pci_dev *dev, const struct pci_device_id *id)
{
	CHECK(id->class == 0x060000);
	CHECK_STR(dev_driver_string(&dev->dev), "test");
	pci_set_drvdata(dev, &probed);
	probed++;
	return probe_result;
}

static void test_remove(struct pci_dev *dev)
{
	CHECK(pci_get_drvdata(dev) == &probed);
	removed++;
}

static const struct pci_device_id host_bridges[] = {
	{ PCI_DEVICE_CLASS(0x060000, 0xffffff) }, { 0 }
};
static struct pci_driver test_driver = {
	.name = "test", .id_table = host_bridges, .probe = test_probe, .remove = test_remove,
};

/* The host bridge, with a reference. */
static struct pci_dev *some_device(void)
{
	return pci_get_domain_bus_and_slot(0, 0, 0);
}

#define NEED_PCI(dev) \
	struct pci_dev *dev = some_device(); \
	if (!dev) \
		SKIP("no PCI on this machine")

SELFTEST(pci, every_device_is_there_once)
{
	struct pci_dev *other = NULL;
	unsigned int nr = 0, same = 0;

	NEED_PCI(dev);
	for_each_pci_dev(other) {
		u16 vendor;

		nr++;
		same += other == dev;
		CHECK_EQ(pci_read_config_word(other, PCI_VENDOR_ID, &vendor), 0);
		CHECK_EQ(vendor, other->vendor);
	}
	CHECK(nr > 0);
	CHECK_EQ(same, 1);
	CHECK_EQ(atomic_read(&dev->dev.refs), 2);
	pci_dev_put(dev);
}

/* Where configuration space can be reached both ways, both must show the same. */
SELFTEST(pci, writes_reach_the_register_they_are_for)
{
	struct pci_dev *other = NULL;

	NEED_PCI(dev);
	for_each_pci_dev(other) {
		u8 line, changed, after;

		pci_read_config_byte(other, PCI_INTERRUPT_LINE, &line);
		pci_write_config_byte(other, PCI_INTERRUPT_LINE, line ^ 5);
		pci_read_config_byte(other, PCI_INTERRUPT_LINE, &changed);
		pci_write_config_byte(other, PCI_INTERRUPT_LINE, line);
		pci_read_config_byte(other, PCI_INTERRUPT_LINE, &after);
		CHECK_EQ(after, line);
		if (other->pin)
			CHECK_EQ(changed, line ^ 5);
	}
	pci_dev_put(dev);
}

SELFTEST(pci, a_driver_gets_its_devices_and_gives_them_back)
{
	struct pci_driver second = test_driver;

	NEED_PCI(dev);
	probed = removed = 0;
	probe_result = 0;
	CHECK_EQ(pci_register_driver(&test_driver), 0);
	CHECK_EQ(probed, 1);
	CHECK(dev->driver == &test_driver);
	CHECK_EQ(pci_register_driver(&second), 0);
	CHECK_EQ(probed, 1);		/* it is driven */
	pci_unregister_driver(&second);
	CHECK_EQ(removed, 0);
	pci_unregister_driver(&test_driver);
	CHECK_EQ(removed, 1);
	CHECK(!dev->driver && !pci_get_drvdata(dev));
	CHECK_EQ(atomic_read(&dev->dev.refs), 2);
	pci_dev_put(dev);
}

SELFTEST(pci, a_driver_that_refuses_does_not_get_it)
{
	struct pci_driver nameless = test_driver;

	NEED_PCI(dev);
	probed = removed = 0;
	probe_result = -EIO;
	CHECK_EQ(pci_register_driver(&test_driver), 0);
	CHECK_EQ(probed, 1);
	CHECK(!dev->driver && !dev->dev.driver && !pci_get_drvdata(dev));
	pci_unregister_driver(&test_driver);
	CHECK_EQ(removed, 0);
	nameless.name = NULL;
	CHECK_EQ(pci_register_driver(&nameless), -EINVAL);
	pci_dev_put(dev);
}

/* The first range of memory of any device; a reference is taken. */
static struct pci_dev *find_memory(int *bar)
{
	struct pci_dev *dev = NULL;

	for_each_pci_dev(dev)
		for (*bar = 0; *bar < PCI_STD_NUM_BARS; (*bar)++)
			if ((pci_resource_flags(dev, *bar) &
			     (IORESOURCE_MEM | IORESOURCE_UNSET)) == IORESOURCE_MEM)
				return dev;
	return NULL;
}

SELFTEST(pci, ranges_are_claimed_by_one)
{
	int bar;
	struct pci_dev *dev = find_memory(&bar);

	if (!dev)
		SKIP("no device with memory");
	CHECK_EQ(pci_request_regions(dev, "first"), 0);
	CHECK_EQ(pci_request_region(dev, bar, "second"), -EBUSY);
	CHECK_EQ(pci_request_regions(dev, "second"), -EBUSY);
	/* All who claim know of each other. */
	CHECK(!request_mem_region(pci_resource_start(dev, bar), 1, "third"));
	CHECK_EQ(PTR_ERR(devm_ioremap_resource(&dev->dev, &dev->resource[bar])), -EBUSY);
	pci_release_regions(dev);
	CHECK(request_mem_region(pci_resource_end(dev, bar), 1, "third") != NULL);
	CHECK_EQ(pci_request_regions(dev, "first"), -EBUSY);
	release_mem_region(pci_resource_end(dev, bar), 1);
	CHECK_EQ(pci_request_region(dev, bar, "second"), 0);
	pci_release_region(dev, bar);
	CHECK_EQ(pci_request_region(dev, PCI_NUM_RESOURCES, "third"), -EINVAL);
	CHECK(!pci_iomap(dev, PCI_NUM_RESOURCES, 0));
	CHECK(!pci_iomap(dev, -1, 0));
	pci_dev_put(dev);
}

SELFTEST(pci, enabling_is_counted)
{
	u16 command, before;
	int bar;
	struct pci_dev *dev = find_memory(&bar);

	if (!dev)
		SKIP("no device with memory");
	pci_read_config_word(dev, PCI_COMMAND, &before);
	REQUIRE(!pci_enable_device(dev) && !pci_enable_device_mem(dev));
	pci_set_master(dev);
	pci_disable_device(dev);
	pci_read_config_word(dev, PCI_COMMAND, &command);
	CHECK(command & PCI_COMMAND_MEMORY);
	CHECK(command & PCI_COMMAND_MASTER);
	pci_disable_device(dev);
	pci_read_config_word(dev, PCI_COMMAND, &command);
	CHECK(!(command & PCI_COMMAND_MASTER));
	CHECK(!pci_is_enabled(dev));
	selftest_expect_warnings(1);
	pci_disable_device(dev);
	pci_write_config_word(dev, PCI_COMMAND, before);
	pci_dev_put(dev);
}

SELFTEST(pci, interrupts_that_cannot_be_had)
{
	NEED_PCI(dev);
	CHECK_EQ(pci_alloc_irq_vectors(dev, 0, 1, PCI_IRQ_ALL_TYPES), -EINVAL);
	CHECK_EQ(pci_alloc_irq_vectors(dev, 2, 1, PCI_IRQ_ALL_TYPES), -EINVAL);
	CHECK_EQ(pci_alloc_irq_vectors(dev, 2, 4, PCI_IRQ_ALL_TYPES), -ENOSPC);
	CHECK_EQ(pci_irq_vector(dev, 1), -EINVAL);
	if (!pci_find_capability(dev, PCI_CAP_ID_MSI))
		CHECK_EQ(pci_enable_msi(dev), -ENOSPC);
	pci_disable_msi(dev);
	pci_dev_put(dev);
}
