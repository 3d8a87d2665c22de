/* SPDX-License-Identifier: MIT */
/*
 * The ring behind the kernel log: the bytes [written - size, written) of everything ever
 * appended, each at its number modulo size. Appending costs one copy, or two at the seam.
 * No lock of its own: printk.c's guards it.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <kernel/logring.h>

void logring_append(struct logring *ring, const char *text, size_t length)
{
	size_t at, piece;

	while (length) {
		at = ring->written % ring->size;
		piece = min(length, ring->size - at);
		memcpy(ring->buf + at, text, piece);
		ring->written += piece;
		text += piece;
		length -= piece;
	}
}

void logring_replay(const struct logring *ring,
		    void (*fn)(const char *text, size_t length, void *arg), void *arg)
{
	u64 from = ring->written > ring->size ? ring->written - ring->size : 0;
	size_t at, piece;

	if (from)
		while (from < ring->written && ring->buf[from++ % ring->size] != '\n')
			continue;
	while (from < ring->written) {
		at = from % ring->size;
		piece = min_t(size_t, ring->written - from, ring->size - at);
		fn(ring->buf + at, piece, arg);
		from += piece;
	}
}
