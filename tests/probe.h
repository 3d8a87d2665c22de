/* SPDX-License-Identifier: MIT */
/*
 * One byte read or written where it may fault: false, with nothing done, if it did. This is
 * how tests show that a page is not mapped, or not writable. Supplied by each port.
 */
#ifndef TESTS_PROBE_H
#define TESTS_PROBE_H

#include <linux/types.h>

bool probe_read(const void *va, u8 *value);
bool probe_write(void *va, u8 value);

#endif
