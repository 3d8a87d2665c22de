/* SPDX-License-Identifier: MIT */
/*
 * A ring of text that keeps the newest `size` bytes. Appending never fails: the oldest
 * text goes. The caller locks.
 */
#ifndef KERNEL_LOGRING_H
#define KERNEL_LOGRING_H

#include <linux/types.h>

struct logring {
	char *buf;
	size_t size;
	u64 written;		/* bytes ever; the next goes to written % size */
};

#define LOGRING_INIT(buffer) { .buf = (buffer), .size = sizeof(buffer) }

void logring_append(struct logring *ring, const char *text, size_t length);

/*
 * Calls fn with all the text kept, in at most two pieces. When older text is gone it begins
 * behind the first line end, so that the first line is a whole one.
 */
void logring_replay(const struct logring *ring,
		    void (*fn)(const char *text, size_t length, void *arg), void *arg);

#endif
