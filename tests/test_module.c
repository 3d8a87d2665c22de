/* SPDX-License-Identifier: MIT */
/* Parameters of modules: every type, from the command line; what makes no sense changes nothing. */
#define KBUILD_MODNAME "test_module"
#include <linux/module.h>
#include <kernel/boot.h>
#include <kernel/kernel.h>
#include <tests/selftest.h>

static unsigned char byte;
static short small;
static unsigned short usmall;
static int number;
static unsigned int unumber;
static long large;
static unsigned long ularge;
static char *text = "before";
static bool yes, no = true;
static int list[3];
static unsigned int nr_list;
static char word[8] = "before";

module_param(byte, byte, 0);
module_param(small, short, 0);
module_param(usmall, ushort, 0);
module_param(number, int, 0);
module_param(unumber, uint, 0);
module_param(large, long, 0);
module_param_named(huge, ularge, ulong, S_IRUGO);
module_param(text, charp, 0);
module_param(yes, bool, 0);
module_param(no, invbool, 0);
module_param_array(list, int, &nr_list, 0);
module_param_string(word, word, sizeof(word), 0);
MODULE_PARM_DESC(word, "eight characters at most");

static void set_from(const char *line)
{
	const char *before = cmdline_set(line);

	module_params_set();
	cmdline_set(before);
}

SELFTEST(module, parameters_of_every_type)
{
	char buf[32];
	const struct kernel_param shown = { .arg = &small };

	set_from("test_module.byte=200 test_module.small=-7 test_module.usmall=0xffff "
		 "test_module.number=-5 test_module.unumber=4000000000 test_module.large=-1 "
		 "test_module.huge=0777 test_module.text=\"two words\" test_module.yes "
		 "test_module.no=y test_module.list=1,-2,0x3 test_module.word=seven77");
	CHECK_EQ(byte, 200);
	CHECK_EQ(small, -7);
	CHECK_EQ(usmall, 0xffff);
	CHECK_EQ(number, -5);
	CHECK_EQ(unumber, 4000000000);
	CHECK_EQ(large, -1);
	CHECK_EQ(ularge, 0777);
	CHECK_STR(text, "two words");
	CHECK(yes && !no);
	CHECK_EQ(nr_list, 3);
	CHECK(list[0] == 1 && list[1] == -2 && list[2] == 3);
	CHECK_STR(word, "seven77");
	CHECK_EQ(param_get_short(buf, &shown), 3);
	CHECK_STR(buf, "-7\n");
}

SELFTEST(module, what_makes_no_sense_changes_nothing)
{
	set_from("test_module.byte=1 test_module.number=1 test_module.yes=0 test_module.word=a "
		 "test_module.list=5");
	set_from("test_module.byte=256 test_module.number=one test_module.yes=perhaps "
		 "test_module.number test_module.word=12345678 test_module.small=40000 "
		 "other.byte=3");
	CHECK_EQ(byte, 1);
	CHECK_EQ(number, 1);
	CHECK(!yes);
	CHECK_STR(word, "a");
	set_from("test_module.list=1,2,3,4");
	CHECK_EQ(nr_list, 1);
}

SELFTEST(module, parameters_are_known_words)
{
	const char *before = cmdline_set("test_module.number=3 test_module.yes test_module.none=1 "
					 "test_module.numbers=2");

	CHECK_EQ(cmdline_check(NULL), 2);
	cmdline_set(before);
}
