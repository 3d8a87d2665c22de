// SPDX-License-Identifier: MIT
/*
 * Options that tell memblock what a firmware would say about nodes, and that add RAM which
 * no boot code has trimmed to whole pages. Read once, before quarry_plan().
 */
#include <linux/kernel.h>
#include <linux/memblock.h>
#include <linux/nodemask.h>

#include "hosted.h"
#include "kernel/boot.h"

/* Reads one number and the character after it, which must be `after`. */
static u64 number(const char **text, const char *option, char after)
{
	char *end;
	u64 value = memparse(*text, &end);

	if (end == *text || (after ? *end != after : *end && *end != ','))
		panic("%s= makes no sense at %s", option, *text);
	*text = after || *end ? end + 1 : end;
	return value;
}

void hosted_add_topology(void)
{
	static char buf[BOOT_CMDLINE];
	const char *text = cmdline_value("add", buf, sizeof(buf));
	u64 a, b;

	while (text && *text) {
		a = number(&text, "add", '@');
		memblock_add(number(&text, "add", 0), a);
	}
	text = cmdline_value("node", buf, sizeof(buf));
	while (text && *text) {
		a = number(&text, "node", ':');
		b = number(&text, "node", '@');
		if (memblock_set_node(number(&text, "node", 0), b, a))
			panic("node=: there is no node %llu", a);
	}
	text = cmdline_value("distance", buf, sizeof(buf));
	while (text && *text) {
		a = number(&text, "distance", ':');
		b = number(&text, "distance", ':');
		if (numa_set_distance(a, b, number(&text, "distance", 0)))
			panic("distance=: %llu to %llu makes no sense", a, b);
	}
}
