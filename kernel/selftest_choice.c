/* SPDX-License-Identifier: MIT */
/* Which self-tests `test=` chooses: globs, separated by commas. Plain functions. */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <kernel/kernel.h>

bool selftest_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *retry = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = text;
		} else if (*pattern && (*pattern == '?' || *pattern == *text)) {
			pattern++;
			text++;
		} else if (star) {
			/* The last star takes one character more, and all behind it starts anew. */
			pattern = star;
			text = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

bool selftest_next_glob(const char **choice, char *glob, size_t size)
{
	const char *end = strchr(*choice, ',');
	size_t length = end ? (size_t)(end - *choice) : strlen(*choice);

	if (!**choice)
		return false;
	strscpy(glob, *choice, min(length + 1, size));
	*choice += end ? length + 1 : length;
	return true;
}

static bool glob_chooses(const char *glob, const char *suite, const char *name)
{
	char full[128];

	scnprintf(full, sizeof(full), "%s.%s", suite, name);
	return selftest_glob(glob, full) || selftest_glob(glob, suite);
}

bool selftest_chosen(const char *choice, const char *suite, const char *name)
{
	char glob[SELFTEST_CHOICE_SIZE];

	while (selftest_next_glob(&choice, glob, sizeof(glob)))
		if (glob_chooses(glob, suite, name))
			return true;
	return false;
}
