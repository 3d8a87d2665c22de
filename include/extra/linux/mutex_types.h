/* SPDX-License-Identifier: MIT */
#include <linux/mutex.h>
