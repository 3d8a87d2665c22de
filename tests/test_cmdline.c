/* SPDX-License-Identifier: MIT */
/* kernel/cmdline.c, on command lines made up here. */
#include <tests/selftest.h>
#include <kernel/boot.h>
#include <kernel/memmap.h>
#include <tests/listen.h>

static const char *real;

/* Each case puts its own text in and must put the real one back before it ends. */
static void begin(const char *text)
{
	real = cmdline_set(text);
}

static void end(void)
{
	cmdline_set(real);
}

/* The value of a word, or "-" when there is none. */
static const char *value(const char *text, const char *name)
{
	static char buf[32];
	const char *found;

	begin(text);
	found = cmdline_value(name, buf, sizeof(buf));
	end();
	return found ? found : "-";
}

SELFTEST(cmdline, flags)
{
	begin("quiet  a=b \"quoted\" last");
	CHECK(cmdline_flag("quiet"));
	CHECK(cmdline_flag("quoted"));
	CHECK(cmdline_flag("last"));
	CHECK(!cmdline_flag("a"));
	CHECK(!cmdline_flag("b"));
	CHECK(!cmdline_flag("qui"));
	CHECK(!cmdline_flag("quieter"));
	CHECK(!cmdline_flag("las"));
	end();
	begin("");
	CHECK(!cmdline_flag("quiet"));
	end();
}

SELFTEST(cmdline, dashes_are_underscores)
{
	CHECK_STR(value("my-file.my-name=a-b", "my_file.my_name"), "a-b");
	CHECK_STR(value("my_file.x=1", "my-file.x"), "1");
	CHECK_STR(value("my-file.x=1", "myfile.x"), "-");
}

SELFTEST(cmdline, values)
{
	CHECK_STR(value("mem=1G", "mem"), "1G");
	CHECK_STR(value("x mem=1G y", "mem"), "1G");
	CHECK_STR(value(" \t mem=1G\n", "mem"), "1G");
	CHECK_STR(value("mem=", "mem"), "");
	CHECK_STR(value("mem", "mem"), "-");
	CHECK_STR(value("highmem=1G", "mem"), "-");
	CHECK_STR(value("memo=1G", "mem"), "-");
	CHECK_STR(value("memmap=1M=2", "memmap"), "1M=2");
	CHECK_STR(value("", "mem"), "-");
	CHECK_STR(value("   ", "mem"), "-");
}

SELFTEST(cmdline, last_one_wins)
{
	CHECK_STR(value("a=1 b=2 a=3", "a"), "3");
	CHECK_STR(value("a=1 a", "a"), "1");
	CHECK_STR(value("a=1 a=", "a"), "");
}

SELFTEST(cmdline, quotes)
{
	CHECK_STR(value("name=\"a b\" x", "name"), "a b");
	CHECK_STR(value("\"name=a b\" x", "name"), "a b");
	CHECK_STR(value("name=a\" \"b", "name"), "a b");
	CHECK_STR(value("name=\"\"", "name"), "");
	CHECK_STR(value("name=\"a b", "name"), "a b");
	CHECK_STR(value("x=\"name=1\" y", "name"), "-");
	CHECK_STR(value("\"x name=1\"", "name"), "-");
}

/* GRUB hands test="a b" over as test=\"a b\", and one word with a blank in quotes of its own. */
SELFTEST(cmdline, escapes)
{
	CHECK_STR(value("test=\\\"string.*\\\" x", "test"), "string.*");
	CHECK_STR(value("test=\\\"a b\\\" x", "test"), "a b");
	CHECK_STR(value("\"test=\\\"a b\\\"\" x=1", "test"), "a b");
	CHECK_STR(value("\"test=\\\"a b\\\"\" x=1", "x"), "1");
	CHECK_STR(value("\\\"test=a b\\\" x", "test"), "a b");
	CHECK_STR(value("test=it\\'s", "test"), "it's");
	CHECK_STR(value("test=a\\\\b", "test"), "a\\b");
	CHECK_STR(value("test=\"a\\\\\" x=1", "x"), "1");
	CHECK_STR(value("test=a\\b", "test"), "a\\b");
	CHECK_STR(value("test=a\\", "test"), "a\\");
}

SELFTEST(cmdline, value_too_long)
{
	char buf[4];

	begin("x=abcd y=abc");
	CHECK(!cmdline_value("x", buf, sizeof(buf)));
	CHECK(cmdline_has("x"));
	CHECK(cmdline_value("y", buf, sizeof(buf)) == buf);
	CHECK_STR(buf, "abc");
	CHECK(cmdline_has("y"));
	CHECK(!cmdline_has("z"));
	CHECK(!cmdline_has("abcd"));
	end();
}

SELFTEST(cmdline, sizes)
{
	u64 size = 77;

	begin("a=64M b=0x1000 c= d=12x e=M f g=\"1 G\" big=99999999999999999999");
	CHECK(!cmdline_size("c", &size));
	CHECK(!cmdline_size("d", &size));
	CHECK(!cmdline_size("e", &size));
	CHECK(!cmdline_size("f", &size));
	CHECK(!cmdline_size("g", &size));
	CHECK(!cmdline_size("none", &size));
	CHECK_EQ(size, 77);
	CHECK(cmdline_size("a", &size) && size == 64 << 20);
	CHECK(cmdline_size("b", &size) && size == 4096);
	CHECK(cmdline_size("big", &size) && size == ~0ULL);
	end();
}

SELFTEST(cmdline, numbers)
{
	u64 number = 77;

	begin("a=64M b=0x1000 c= d=12x e=-1 f g=\"1 G\" h=17 big=99999999999999999999");
	CHECK(!cmdline_number("a", &number));
	CHECK(!cmdline_number("c", &number));
	CHECK(!cmdline_number("d", &number));
	CHECK(!cmdline_number("e", &number));
	CHECK(!cmdline_number("f", &number));
	CHECK(!cmdline_number("g", &number));
	CHECK(!cmdline_number("big", &number));
	CHECK(!cmdline_number("none", &number));
	CHECK_EQ(number, 77);
	CHECK(cmdline_number("b", &number) && number == 4096);
	CHECK(cmdline_number("h", &number) && number == 17);
	end();
}

static void collect(const char *word, void *arg)
{
	char *all = arg;
	size_t length = strlen(all);

	scnprintf(all + length, 64 - length, "[%s]", word);
}

SELFTEST(cmdline, each)
{
	char all[64] = "";

	begin("memmap=1M@2M x memmap memmap=\"3 4\" \"memmap=5\" other=6 memmap=");
	cmdline_each("memmap", collect, all);
	end();
	CHECK_STR(all, "[1M@2M][3 4][5][]");
}

/* Nothing on a line of the greatest length is cut. */
SELFTEST(cmdline, long_line)
{
	static char line[BOOT_CMDLINE], buf[BOOT_CMDLINE];

	memset(line, 'v', sizeof(line) - 1);
	memcpy(line, "name=", 5);
	begin(line);
	REQUIRE(cmdline_value("name", buf, sizeof(buf)) == buf);
	CHECK_EQ(strlen(buf), sizeof(line) - 1 - 5);
	end();
}

static void check_drop(const char *text, const char *left)
{
	char buf[32];

	strscpy(buf, text, sizeof(buf));
	cmdline_drop_last(buf);
	CHECK_STR(buf, left);
}

SELFTEST(cmdline, last_word_is_dropped)
{
	check_drop("", "");
	check_drop("   ", "");
	check_drop("seed=12", "");
	check_drop("a seed=12", "a ");
	check_drop("a=1 b=2 seed=12", "a=1 b=2 ");
	check_drop("a test=\"b c d", "a ");	/* half of a value in quotes is not a value */
	check_drop("a \"test=b c\" d", "a \"test=b c\" ");
}

SELFTEST(cmdline, unknown_words_are_named)
{
	static const char *const more[] = { "ram=", "clean", NULL };
	const char *log;

	begin("highmem=0 \"test=a b\" memmap=1M$2M nosmp BOOT_IMAGE=/quarry");
	CHECK_EQ(cmdline_check(NULL), 0);
	end();
	begin("hihgmem=0 mem nosmp=1 memo=1 ram=1M clean");
	CHECK_EQ(cmdline_check(NULL), 6);
	listen_start();
	CHECK_EQ(cmdline_check(more), 4);
	log = listen_stop();
	end();
	CHECK(strstr(log, "command line: hihgmem=0 is unknown; ignored\n") != NULL);
	CHECK(strstr(log, "command line: mem is unknown; ignored\n") != NULL);
	CHECK(strstr(log, "nosmp=1 is unknown") != NULL);
	CHECK(strstr(log, "memo=1 is unknown") != NULL);
}

static bool says(const char *text, bool (*read)(void), const char *sentence)
{
	bool on;

	begin(text);
	listen_start();
	on = read();
	end();
	return strstr(listen_stop(), sentence) && !on;
}

static bool read_memtest(void)
{
	memtest_read_options();
	return false;
}

static bool read_sizes(void)
{
	return min_free_wanted() || swiotlb_wanted() != QUARRY_SWIOTLB_DEFAULT;
}

static bool read_slab_debug(void)
{
	return slab_debug_wanted();
}

/* A value that makes no sense is named, and the option is as if it were not there. */
SELFTEST(cmdline, values_that_make_no_sense_are_named)
{
	static char long_one[400] = "slab_debug=";

	CHECK(says("page_owner=perhaps", page_owner_asked, "page_owner= is neither "));
	CHECK(says("kmemleak=", kmemleak_asked, "kmemleak= is neither "));
	CHECK(says("kmemleak=much-too-long", kmemleak_asked, "kmemleak= is neither "));
	CHECK(says("init_on_alloc=2", init_on_alloc_asked, "init_on_alloc= is neither "));
	CHECK(says("init_on_free=oh", init_on_free_asked, "init_on_free= is neither "));
	CHECK(says("numa=on", memmap_numa_off, "numa= makes no sense"));
	CHECK(says("memtest=many", read_memtest, "memtest=many is not a number"));
	CHECK(says("memtest_plant=1M", read_memtest, "memtest_plant= without memtest="));
	CHECK(says("min_free_kbytes=few", read_sizes, "min_free_kbytes=few is not a number"));
	CHECK(says("swiotlb=1Q", read_sizes, "swiotlb=1Q is not a size"));
	memset(long_one + strlen(long_one), 'a', sizeof(long_one) - strlen(long_one) - 1);
	CHECK(says(long_one, read_slab_debug, "slab_debug= is too long"));
}

SELFTEST(cmdline, switches_take_the_words_that_linux_takes)
{
	static const char *const on[] = { "page_owner=on", "page_owner=1", "page_owner=y" };

	for (unsigned int i = 0; i < ARRAY_SIZE(on); i++) {
		begin(on[i]);
		CHECK(page_owner_asked());
		end();
	}
	begin("page_owner=on page_owner=off kmemleak=0");
	CHECK(!page_owner_asked() && !kmemleak_asked());
	end();
}
