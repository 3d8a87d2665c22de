/* SPDX-License-Identifier: MIT */
#include <linux/cache.h>
