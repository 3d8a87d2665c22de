// SPDX-License-Identifier: MIT
/*
 * The benchmark inside Linux: loading the module runs the rows whose names match `rows`. The
 * other files that it is built from are those of Quarry's kernel, unchanged.
 */
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/kernel_read_file.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/vmalloc.h>
#include <linux/vmstat.h>
#include "bench.h"

static char *rows = "*";
module_param(rows, charp, 0);
MODULE_PARM_DESC(rows, "which rows: a pattern with *");

static struct device *root;

struct device *bench_device(void)
{
	return root;
}

/* The file /trace; its memory goes with the machine. */
const char *bench_trace_text(size_t *size)
{
	void *content = NULL;
	ssize_t read = kernel_read_file_from_path("/trace", 0, &content, INT_MAX, size,
						  READING_UNKNOWN);

	if (read <= 0)
		return NULL;
	*size = read;
	return content;
}

u64 bench_slab_bytes(void)
{
	return (global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B) +
		global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B)) * PAGE_SIZE;
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
