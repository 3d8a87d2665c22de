/* SPDX-License-Identifier: MIT */
/* kernel/string_copy.c, kernel/kstrto.c: texts copied, cut, and read as numbers. */
#include <linux/string.h>
#include <tests/selftest.h>

SELFTEST(string_copy, copies)
{
	char buf[12];

	memset(buf, '#', sizeof(buf));
	CHECK(strcpy(buf, "ab") == buf);
	CHECK_STR(buf, "ab");
	CHECK_EQ(buf[3], '#');
	CHECK_STR(strcat(buf, "cde"), "abcde");
	memset(buf, '#', sizeof(buf));
	strncpy(buf, "xyz", 5);
	CHECK_EQ(buf[3] + buf[4], 0);
	CHECK_EQ(buf[5], '#');
	strncpy(buf, "0123456789", 3);
	CHECK_EQ(buf[2], '2');
	CHECK_EQ(buf[3], 0);
	CHECK_EQ(strlcpy(buf, "longer than that", 5), 16);
	CHECK_STR(buf, "long");
}

SELFTEST(string_copy, cuts)
{
	char list[] = "a,b;;c", blanks[] = " \t two words \n", none[] = "  ";
	char *rest = list;

	CHECK_STR(strsep(&rest, ",;"), "a");
	CHECK_STR(strsep(&rest, ",;"), "b");
	CHECK_STR(strsep(&rest, ",;"), "");
	CHECK_STR(strsep(&rest, ",;"), "c");
	CHECK(!strsep(&rest, ",;"));
	CHECK_STR(strim(blanks), "two words");
	CHECK_STR(strim(none), "");
	CHECK_EQ(strspn("aabc", "ab"), 3);
	CHECK_EQ(strcspn("xxab", "ba"), 2);
	CHECK_EQ(strcspn("xx", ""), 2);
	CHECK_EQ(strcasecmp("HeLLo", "hEllO"), 0);
	CHECK(strcasecmp("a", "B") < 0);
	CHECK(strcasecmp("ab", "A") > 0);
}

SELFTEST(string_copy, numbers_of_every_size)
{
	unsigned char byte = 7;
	s8 small = 7;
	int number = 7;
	long long large = 7;
	unsigned long word;
	char *end;

	CHECK_EQ(kstrtou8("255", 0, &byte), 0);
	CHECK_EQ(byte, 255);
	CHECK_EQ(kstrtou8("256", 0, &byte), -ERANGE);
	CHECK_EQ(kstrtou8("-1", 0, &byte), -EINVAL);
	CHECK_EQ(kstrtos8("-128", 0, &small), 0);
	CHECK_EQ(small, -128);
	CHECK_EQ(kstrtos8("128", 0, &small), -ERANGE);
	CHECK_EQ(kstrtoint("-0x80000000", 0, &number), 0);
	CHECK_EQ(number, -0x7fffffff - 1);
	CHECK_EQ(kstrtoint("2147483648", 0, &number), -ERANGE);
	CHECK_EQ(kstrtoint("12 ", 0, &number), -EINVAL);
	CHECK_EQ(kstrtoint("-+1", 0, &number), -EINVAL);
	CHECK_EQ(kstrtoll("-9223372036854775808", 10, &large), 0);
	CHECK_EQ(large, -0x7fffffffffffffffLL - 1);
	CHECK_EQ(kstrtoll("9223372036854775808", 10, &large), -ERANGE);
	CHECK_EQ(kstrtoul("ff\n", 16, &word), 0);
	CHECK_EQ(word, 255);
	CHECK_EQ(simple_strtoul("12px", &end, 10), 12);
	CHECK_STR(end, "px");
	CHECK_EQ(simple_strtol("-0x1fz", &end, 0), -31);
	CHECK_STR(end, "z");
	CHECK_EQ(simple_strtoul("none", &end, 10), 0);
	CHECK_STR(end, "none");
}

SELFTEST(string_copy, yes_and_no)
{
	bool answer = false;

	CHECK(!kstrtobool("yes", &answer) && answer);
	CHECK(!kstrtobool("off", &answer) && !answer);
	CHECK(!kstrtobool("1", &answer) && answer);
	CHECK(!kstrtobool("N", &answer) && !answer);
	CHECK(!kstrtobool("On", &answer) && answer);
	CHECK_EQ(kstrtobool("maybe", &answer), -EINVAL);
	CHECK_EQ(kstrtobool("", &answer), -EINVAL);
	CHECK_EQ(kstrtobool(NULL, &answer), -EINVAL);
	CHECK(answer);
}
