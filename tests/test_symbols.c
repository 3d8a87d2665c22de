/* SPDX-License-Identifier: MIT */
/* Names of code addresses: kernel/symbols.c with its table, or the hosted port's own. */
#include <tests/selftest.h>
#include <kernel/symbols.h>

static void check_function(unsigned long addr, const char *want)
{
	unsigned long offset = 1, size = 0;
	const char *name = NULL;

	REQUIRE(symbol_lookup(addr, &name, &offset, &size));
	CHECK_STR(name, want);
	CHECK_EQ(offset, 0);
	CHECK(size > 2);
	REQUIRE(symbol_lookup(addr + 2, &name, &offset, &size));
	CHECK_STR(name, want);
	CHECK_EQ(offset, 2);
}

/* Functions from several files: wherever the linker put them, the table agrees. */
SELFTEST(symbols, functions)
{
	check_function((unsigned long)printk, "printk");
	check_function((unsigned long)panic, "panic");
	check_function((unsigned long)memparse, "memparse");
	check_function((unsigned long)selftest_run, "selftest_run");
	check_function((unsigned long)symbol_lookup, "symbol_lookup");
}

SELFTEST(symbols, ends_of_a_function)
{
	unsigned long addr = (unsigned long)printk, offset, size, size_before;
	const char *name;

	REQUIRE(symbol_lookup(addr, &name, &offset, &size));
	size_before = size;
	REQUIRE(symbol_lookup(addr + size_before - 1, &name, &offset, &size));
	CHECK_STR(name, "printk");
	CHECK_EQ(offset, size_before - 1);
	if (symbol_lookup(addr + size_before, &name, &offset, &size))
		CHECK(strcmp(name, "printk"));
	if (symbol_lookup(addr - 1, &name, &offset, &size))
		CHECK(strcmp(name, "printk"));
}

SELFTEST(symbols, no_code)
{
	const char *name = NULL;
	unsigned long offset, size;

	CHECK(!symbol_lookup(0, &name, &offset, &size));
	CHECK(!symbol_lookup(0x1000, &name, &offset, &size));
	CHECK(!symbol_lookup(~0UL, &name, &offset, &size));
	CHECK(!name);
}
