/* SPDX-License-Identifier: MIT */
#include <linux/gfp.h>
