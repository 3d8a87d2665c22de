// SPDX-License-Identifier: MIT
/*
 * The benchmark inside Linux: loading the module runs the rows whose names match `rows`. The
 * other files that it is built from are those of Quarry's kernel, unchanged.
 */
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/module.h>
#include "bench.h"

static char *rows = "*";
module_param(rows, charp, 0);
MODULE_PARM_DESC(rows, "which rows: a pattern with *");

static struct device *root;

struct device *bench_device(void)
{
	return root;
}

static int __init bench_init(void)
{
	root = root_device_register("bench");
	if (IS_ERR(root))
		return PTR_ERR(root);
	root->dma_mask = &root->coherent_dma_mask;
	dma_set_mask_and_coherent(root, DMA_BIT_MASK(64));
	bench_run(rows);
	printk(KERN_INFO "bench: the end\n");
	return 0;
}

static void __exit bench_exit(void)
{
	root_device_unregister(root);
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("What memory costs, in instructions");
MODULE_LICENSE("Dual MIT/GPL");
