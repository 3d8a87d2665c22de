/* SPDX-License-Identifier: MIT */
/* kernel/hexdump.c, kernel/ratelimit.c, and printing once: what the log gets, and how often. */
#include <linux/delay.h>
#include <linux/ratelimit.h>
#include <linux/string.h>
#include <tests/listen.h>
#include <tests/selftest.h>

static bool was_heard(const char *text)
{
	bool found = strstr(heard, text);

	if (!found)
		printk("not heard: %s\n", text);
	return found;
}

SELFTEST(hexdump, lines_groups_and_characters)
{
	u8 bytes[18];

	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (u8)(0x3e + i);
	listen_start();
	print_hex_dump(KERN_INFO, "one: ", DUMP_PREFIX_OFFSET, 16, 1, bytes, 18, true);
	print_hex_dump(KERN_INFO, "four: ", DUMP_PREFIX_NONE, 16, 4, bytes, 10, true);
	print_hex_dump(KERN_INFO, "eight: ", DUMP_PREFIX_NONE, 32, 8, bytes, 16, false);
	print_hex_dump(KERN_INFO, "none: ", DUMP_PREFIX_NONE, 16, 1, bytes, 0, true);
	listen_stop();
	CHECK(was_heard("# one: 00000000: 3e 3f 40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d"
			"  >?@ABCDEFGHIJKLM\n"));
	CHECK(was_heard("one: 00000010: 4e 4f "));
	CHECK(was_heard("four: 41403f3e 45444342 46 47"));
	CHECK(was_heard("eight: 4544434241403f3e 4d4c4b4a49484746\n"));
	CHECK(!strstr(heard, "none: "));
	CHECK(!strchr(heard, '\001') && !strchr(heard, '?' + 0x40));
}

SELFTEST(hexdump, an_interval_lets_a_burst_through)
{
	static DEFINE_RATELIMIT_STATE(limit, 2, 3);
	int passed = 0;

	listen_start();
	for (int i = 0; i < 5; i++)
		passed += __ratelimit(&limit);
	/* The interval may have ended in between, once or more often on a slow machine. */
	CHECK(passed >= 3);
	msleep(20);
	CHECK_EQ(__ratelimit(&limit), 1);
	listen_stop();
	if (passed == 3)
		CHECK(was_heard("2 calls suppressed"));
	ratelimit_state_init(&limit, 0, 0);
	CHECK_EQ(__ratelimit(&limit), 1);
	ratelimit_state_init(&limit, 1000 * HZ, 0);
	CHECK_EQ(__ratelimit(&limit), 0);
}

SELFTEST(hexdump, once_is_once)
{
	unsigned int n = 0;
	const char *at;

	listen_start();
	for (int i = 0; i < 3; i++) {
		pr_info_once("said once\n");
		pr_info_ratelimited("said by a limit\n");
		pr_devel("never said %d\n", i);
	}
	listen_stop();
	for (at = heard; (at = strstr(at, "said once")); at++)
		n++;
	CHECK_EQ(n, 1);
	CHECK(was_heard("said by a limit"));
	CHECK(!strstr(heard, "never said"));
}
