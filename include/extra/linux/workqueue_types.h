/* SPDX-License-Identifier: MIT */
#include <linux/workqueue.h>
