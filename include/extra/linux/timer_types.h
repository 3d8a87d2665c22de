/* SPDX-License-Identifier: MIT */
#include <linux/timer.h>
