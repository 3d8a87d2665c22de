/* SPDX-License-Identifier: MIT */
/* Finding PCI devices on buses that the test makes up, sound ones and others. */
#include <linux/string.h>
#include <arch/x86_64/pci.h>
#include "tests/listen.h"
#include <tests/selftest.h>

#define MAX_FUNCTIONS 40
#define ARENA	      (96 * 1024)

struct function {
	u8 bus, devfn;
	u8 config[256];
	u32 writable[7];	/* bits of BARs 0 to 5 and of the ROM's that can be written */
};

static struct function functions[MAX_FUNCTIONS];
static unsigned int nr_functions, nr_accesses, nr_open_sizings;
static bool says_something;	/* at the next sizing */
static unsigned int nr_heard;	/* what was said came out at once */
static char arena[ARENA] __aligned(64);
static size_t arena_used, arena_limit;

static struct function *function_at(unsigned int bus, unsigned int devfn)
{
	for (unsigned int i = 0; i < nr_functions; i++)
		if (functions[i].bus == bus && functions[i].devfn == devfn)
			return &functions[i];
	return NULL;
}

static int fake_read(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 *value)
{
	struct function *f = function_at(bus->number, devfn);

	nr_accesses++;
	if (!f || where + size > 256)
		return 0;		/* *value is all ones already */
	*value = 0;
	memcpy(value, f->config + where, (size_t)size);
	return 0;
}

/* Index of the register in `writable`, or -1. */
static int range_register(const struct function *f, int where)
{
	bool bridge = (f->config[PCI_HEADER_TYPE] & 0x7f) == PCI_HEADER_TYPE_BRIDGE;

	if (where == (bridge ? PCI_ROM_ADDRESS1 : PCI_ROM_ADDRESS))
		return 6;
	if (where < PCI_BASE_ADDRESS_0 || where >= PCI_BASE_ADDRESS_0 + (bridge ? 8 : 24))
		return -1;
	return (where - PCI_BASE_ADDRESS_0) / 4;
}

static void say_something(void)
{
	size_t before = heard_len;

	says_something = false;
	pr_info("said while a device does not answer\n");
	nr_heard += heard_len != before;
}

static int fake_write(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 value)
{
	struct function *f = function_at(bus->number, devfn);
	u32 before;
	int nr;

	nr_accesses++;
	if (!f || where + size > 256)
		return 0;
	nr = range_register(f, where);
	if (nr >= 0) {
		nr_open_sizings += f->config[PCI_COMMAND] & 3;
		if (says_something)
			say_something();
		memcpy(&before, f->config + where, 4);
		value = (value & f->writable[nr]) | (before & ~f->writable[nr]);
	}
	memcpy(f->config + where, &value, (size_t)size);
	return 0;
}

static const struct pci_ops fake_ops = { .read = fake_read, .write = fake_write };

static void *take(size_t size)
{
	size = ALIGN(size, 64);
	if (arena_limit - arena_used < size)
		return NULL;
	arena_used += size;
	return memset(arena + arena_used - size, 0, size);
}

static void put32(struct function *f, int where, u32 value)
{
	memcpy(f->config + where, &value, 4);
}

static void begin(void)
{
	memset(functions, 0, sizeof(functions));
	nr_functions = nr_accesses = nr_open_sizings = 0;
	arena_used = 0;
	arena_limit = ARENA;
}

static struct function *add(u8 bus, u8 slot, u8 func, u16 device)
{
	struct function *f = &functions[nr_functions++];

	f->bus = bus;
	f->devfn = PCI_DEVFN(slot, func);
	put32(f, PCI_VENDOR_ID, 0x1234 | (u32)device << 16);
	put32(f, PCI_CLASS_REVISION, 0x02000010);
	f->config[PCI_COMMAND] = PCI_COMMAND_IO | PCI_COMMAND_MEMORY;
	return f;
}

static struct function *add_bridge(u8 bus, u8 slot, u8 to)
{
	struct function *f = add(bus, slot, 0, 0xb);

	f->config[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_BRIDGE;
	f->config[PCI_SECONDARY_BUS] = to;
	f->config[PCI_SUBORDINATE_BUS] = to;
	return f;
}

static struct pci_scan scan_all(u8 last_bus)
{
	static struct pci_scan scan;

	scan = (struct pci_scan){ .ops = &fake_ops, .last_bus = last_bus, .alloc = take };
	pci_scan(&scan);
	return scan;
}

/* The devices found, as "bus:slot.function " in the order of finding. */
static const char *found(void)
{
	static struct pci_scan scan;
	static char text[512];
	struct pci_dev *dev;
	int length = 0;

	scan = (struct pci_scan){ .ops = &fake_ops, .last_bus = 255, .alloc = take };
	pci_scan(&scan);
	text[0] = 0;
	list_for_each_entry(dev, &scan.devices, bus_list)
		length += scnprintf(text + length, sizeof(text) - length, "%x:%x.%u ",
				    dev->bus->number, PCI_SLOT(dev->devfn), PCI_FUNC(dev->devfn));
	return text;
}

SELFTEST(pci_scan, functions_behind_bridges_are_found_in_order)
{
	struct function *f;

	begin();
	add(0, 0, 0, 1);
	f = add(0, 1, 0, 2);
	f->config[PCI_HEADER_TYPE] |= PCI_HEADER_TYPE_MFD;
	add(0, 1, 1, 3);
	add(0, 1, 7, 4);
	add_bridge(0, 2, 5);
	add(0, 31, 0, 5);
	add(0, 31, 1, 6);	/* function 0 says that there is none */
	add_bridge(5, 0, 9);
	add(9, 3, 0, 7);
	CHECK_STR(found(), "0:0.0 0:1.0 0:1.1 0:1.7 0:2.0 0:1f.0 5:0.0 9:3.0 ");
}

SELFTEST(pci_scan, a_function_without_function_0_is_none)
{
	begin();
	add(0, 4, 2, 1);
	CHECK_STR(found(), "");
}

SELFTEST(pci_scan, bridges_that_lead_nowhere_are_counted)
{
	begin();
	add_bridge(0, 1, 0);		/* not opened: nothing wrong */
	add_bridge(0, 2, 4);
	add_bridge(0, 3, 4);		/* where another one leads */
	add_bridge(4, 0, 4);		/* to itself */
	add_bridge(4, 1, 2);		/* back */
	add_bridge(4, 2, 200);		/* beyond configuration space */
	add(4, 3, 0, 1);
	add(200, 0, 0, 2);
	CHECK_EQ(scan_all(100).nr_bad_bridges, 4);
	CHECK_EQ(scan_all(100).nr_devices, 7);
	CHECK(nr_accesses < 2 * 40000);
}

SELFTEST(pci_scan, sizes_of_ranges)
{
	struct pci_scan scan;
	struct pci_dev *dev;
	struct function *f;

	begin();
	f = add(0, 0, 0, 1);
	put32(f, 0x10, 0xfea00000);		/* 1 MiB */
	f->writable[0] = 0xfff00000;
	put32(f, 0x14, 0xc041);			/* 32 ports */
	f->writable[1] = 0xffe0;
	put32(f, 0x18, 0x0000000c);		/* 64 bits, 8 GiB at 40 GiB, prefetchable */
	put32(f, 0x1c, 0xa);
	f->writable[3] = 0xfffffffe;
	put32(f, 0x20, 0);			/* 4 KiB without an address */
	f->writable[4] = 0xfffff000;
	put32(f, 0x30, 0xfeb00001);		/* a ROM of 64 KiB, on */
	f->writable[6] = 0xffff0001;
	scan = scan_all(0);
	REQUIRE(scan.nr_devices == 1);
	dev = (struct pci_dev *)(arena + ALIGN(sizeof(struct pci_bus), 64));
	CHECK_EQ(pci_resource_start(dev, 0), 0xfea00000);
	CHECK_EQ(pci_resource_len(dev, 0), 0x100000);
	CHECK_EQ(pci_resource_flags(dev, 0), IORESOURCE_MEM);
	CHECK_EQ(pci_resource_start(dev, 1), 0xc040);
	CHECK_EQ(pci_resource_len(dev, 1), 32);
	CHECK_EQ(pci_resource_flags(dev, 1), IORESOURCE_IO);
	CHECK_EQ(pci_resource_start(dev, 2), 0xa00000000);
	CHECK_EQ(pci_resource_len(dev, 2), 0x200000000);
	CHECK(pci_resource_flags(dev, 2) & IORESOURCE_MEM_64);
	CHECK(pci_resource_flags(dev, 2) & IORESOURCE_PREFETCH);
	CHECK_EQ(pci_resource_flags(dev, 3), 0);
	CHECK_EQ(pci_resource_len(dev, 3), 0);
	CHECK(pci_resource_flags(dev, 4) & IORESOURCE_UNSET);
	CHECK_EQ(pci_resource_len(dev, 4), 0x1000);
	CHECK_EQ(pci_resource_len(dev, PCI_ROM_RESOURCE), 0x10000);
	CHECK_EQ(pci_resource_start(dev, PCI_ROM_RESOURCE), 0xfeb00000);
}

/* It may be a console's, or what a console is behind. */
SELFTEST(pci_scan, nobody_prints_while_a_device_is_sized)
{
	struct function *f;
	const char *log;

	begin();
	f = add(0, 0, 0, 1);
	put32(f, 0x10, 0xfea00000);
	f->writable[0] = 0xfff00000;
	listen_start();
	says_something = true;
	nr_heard = 0;
	scan_all(0);
	log = listen_stop();
	CHECK(!says_something);
	CHECK_EQ(nr_heard, 0);
	CHECK(strstr(log, "said while a device does not answer"));
}

/* While a range's size is asked for it must not answer, and all is afterwards as before. */
SELFTEST(pci_scan, sizing_leaves_no_trace)
{
	struct function *f, before;

	begin();
	f = add(0, 0, 0, 1);
	put32(f, 0x10, 0xfea00000);
	f->writable[0] = 0xfff00000;
	put32(f, 0x30, 0xfeb00001);
	f->writable[6] = 0xffff0001;
	before = *f;
	scan_all(0);
	CHECK_EQ(nr_open_sizings, 0);
	CHECK(!memcmp(&before, f, sizeof(before)));
}

SELFTEST(pci_scan, a_ring_of_capabilities_ends)
{
	struct pci_bus bus = { .ops = &fake_ops };
	struct pci_dev dev = { .bus = &bus };
	struct function *f;

	begin();
	f = add(0, 0, 0, 1);
	CHECK_EQ(pci_find_capability(&dev, PCI_CAP_ID_MSI), 0);
	f->config[PCI_STATUS] = PCI_STATUS_CAP_LIST;
	f->config[PCI_CAPABILITY_LIST] = 0x40;
	f->config[0x40] = PCI_CAP_ID_PM;
	f->config[0x41] = 0x50;
	f->config[0x50] = PCI_CAP_ID_MSI;
	f->config[0x51] = 0x40;
	CHECK_EQ(pci_find_capability(&dev, PCI_CAP_ID_MSI), 0x50);
	CHECK_EQ(pci_find_capability(&dev, PCI_CAP_ID_MSIX), 0);
	f->config[0x51] = 0x10;			/* into the header: no capability */
	CHECK_EQ(pci_find_capability(&dev, 0), 0);
}

SELFTEST(pci_scan, accesses_that_are_refused)
{
	struct pci_bus bus = { .ops = &fake_ops };
	u32 dword = 0;
	u16 word = 0;
	u8 byte = 0;

	begin();
	add(0, 0, 0, 1);
	CHECK_EQ(pci_bus_read_config_dword(&bus, 0, 2, &dword), PCIBIOS_BAD_REGISTER_NUMBER);
	CHECK_EQ(dword, 0xffffffff);
	CHECK_EQ(pci_bus_read_config_word(&bus, 0, 4095, &word), PCIBIOS_BAD_REGISTER_NUMBER);
	CHECK_EQ(word, 0xffff);
	CHECK_EQ(pci_bus_read_config_byte(&bus, 0, -1, &byte), PCIBIOS_BAD_REGISTER_NUMBER);
	CHECK_EQ(byte, 0xff);
	CHECK_EQ(pci_bus_write_config_dword(&bus, 0, 4096, 0), PCIBIOS_BAD_REGISTER_NUMBER);
	CHECK_EQ(nr_accesses, 0);
	CHECK_EQ(pci_bus_read_config_word(&bus, 0, 0, &word), 0);
	CHECK_EQ(word, 0x1234);
	CHECK_EQ(pci_bus_read_config_byte(&bus, 0, 1, &byte), 0);
	CHECK_EQ(byte, 0x12);
}

SELFTEST(pci_scan, tables_of_drivers_are_matched)
{
	static const struct pci_device_id table[] = {
		{ PCI_DEVICE_SUB(0x1234, 0x11e8, 7, PCI_ANY_ID) },
		{ PCI_DEVICE(0x1234, 0x11e8) },
		{ PCI_DEVICE_CLASS(0x020000, 0xffff00) },
		{ 0 }
	};
	struct pci_dev dev = { .vendor = 0x1234, .device = 0x11e8, .class = 0xff };

	CHECK(pci_match_id(table, &dev) == &table[1]);
	dev.subsystem_vendor = 7;
	CHECK(pci_match_id(table, &dev) == &table[0]);
	dev.device = 1;
	CHECK(!pci_match_id(table, &dev));
	dev.class = 0x020010;
	CHECK(pci_match_id(table, &dev) == &table[2]);
	CHECK(!pci_match_id(NULL, &dev));
}

SELFTEST(pci_scan, random_configuration_ends)
{
	unsigned long n = selftest_scaled(20);

	while (n--) {
		begin();
		for (unsigned int i = 0; i < 20; i++) {
			struct function *f = add(selftest_random_below(4),
						 selftest_random_below(32),
						 selftest_random_below(8), i);

			for (unsigned int at = 8; at < 64; at++)
				f->config[at] = selftest_random();
			f->config[PCI_SECONDARY_BUS] = selftest_random_below(6);
			for (unsigned int r = 0; r < 7; r++)
				f->writable[r] = selftest_random();
		}
		CHECK(scan_all(255).nr_devices <= 20);
		CHECK(nr_accesses < 60000);
	}
}

SELFTEST(pci_scan, no_memory_leaves_devices_out)
{
	begin();
	for (u8 slot = 0; slot < 32; slot++)
		add(0, slot, 0, slot);
	arena_limit = 8192;
	CHECK(scan_all(0).nr_no_memory);
	CHECK(scan_all(0).nr_devices < 32);
}
