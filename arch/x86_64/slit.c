/* SPDX-License-Identifier: MIT */
/*
 * The System Locality Information Table (ACPI Specification 6.5, 5.2.17): how far it is from
 * each proximity domain to each other, as a matrix of bytes, row by row. 10 is the distance
 * of a domain from itself; 255 says that there is no way. There and back may differ.
 *
 * A matrix with one wrong number is wrong, so it is taken as a whole or not at all: without
 * it every other node is equally far.
 */
#include <linux/kernel.h>
#include <linux/topology.h>

#include "arch/x86_64/fields.h"
#include "arch/x86_64/srat.h"

enum { HEAD_COUNT = 36, HEAD_SIZE = 44 };

const char *slit_refusal(const void *table, u32 length)
{
	const u8 *entry = (const u8 *)table + HEAD_SIZE;
	u64 count, i;

	if (length < HEAD_SIZE)
		return "too short to be one";
	count = le64(table, HEAD_COUNT);
	if (!count)
		return "it has no domains";
	/* The first comparison keeps the product within 64 bits. */
	if (count > length || count * count > length - HEAD_SIZE)
		return "its matrix is larger than the table";
	for (i = 0; i < count * count; i++) {
		bool own = i % (count + 1) == 0;

		if (own && entry[i] != LOCAL_DISTANCE)
			return "a domain's distance from itself is not 10";
		if (entry[i] < LOCAL_DISTANCE)
			return "a distance is below 10";
	}
	return NULL;
}

int slit_distance(const void *table, u32 from, u32 to)
{
	u64 count = le64(table, HEAD_COUNT);

	return from < count && to < count ? ((const u8 *)table)[HEAD_SIZE + from * count + to] : 0;
}
