/* SPDX-License-Identifier: MIT */
/* Memory on the log, in hexadecimal. No locks, no allocation; any context that may read it. */
#include <linux/kernel.h>
#include <linux/string.h>

#define LINE_SIZE (32 * 4 + 8)	/* 32 bytes by themselves, two columns, their characters */

/* The number of `size` bytes at p. */
static u64 number_at(const u8 *p, int size)
{
	u64 value = 0;

	memcpy(&value, p, (size_t)size);
	return value;
}

/* One line of n bytes, into text of LINE_SIZE; `width` is where the characters begin. */
static void dump_line(char *text, const u8 *p, int n, int groupsize, int width)
{
	int at = 0, i;

	for (i = 0; i + groupsize <= n; i += groupsize)
		at += scnprintf(text + at, (size_t)(LINE_SIZE - at), "%s%0*llx", i ? " " : "",
				2 * groupsize, number_at(p + i, groupsize));
	for (; i < n; i++)	/* what is less than a group */
		at += scnprintf(text + at, (size_t)(LINE_SIZE - at), "%s%02x", i ? " " : "", p[i]);
	if (!width)
		return;
	for (; at < width; at++)
		text[at] = ' ';
	for (i = 0; i < n; i++)
		text[at++] = p[i] >= ' ' && p[i] < 0x7f ? (char)p[i] : '.';
	text[at] = '\0';
}

void print_hex_dump(const char *level, const char *prefix, int prefix_type, int rowsize,
		    int groupsize, const void *buf, size_t len, bool ascii)
{
	int row = rowsize == 32 ? 32 : 16, width;
	const u8 *p = buf;
	char text[LINE_SIZE];
	size_t at;

	if (groupsize != 2 && groupsize != 4 && groupsize != 8)
		groupsize = 1;
	width = ascii ? row / groupsize * (2 * groupsize + 1) + 1 : 0;
	for (at = 0; at < len; at += (size_t)row) {
		dump_line(text, p + at, (int)min_t(size_t, len - at, row), groupsize, width);
		if (prefix_type == DUMP_PREFIX_ADDRESS)
			printk("%s%s%px: %s\n", level, prefix, p + at, text);
		else if (prefix_type == DUMP_PREFIX_OFFSET)
			printk("%s%s%.8zx: %s\n", level, prefix, at, text);
		else
			printk("%s%s%s\n", level, prefix, text);
	}
}
