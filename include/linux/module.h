/* SPDX-License-Identifier: MIT */
/*
 * What a source file says of itself as a module. Here such a file becomes part of the image by
 * `make EXTRA=folder`; it is never unloaded, so THIS_MODULE needs no counting.
 */
#ifndef _LINUX_MODULE_H
#define _LINUX_MODULE_H

#include <linux/errno.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/moduleparam.h>
#include <linux/stat.h>
#include <linux/string.h>
#include <linux/types.h>

struct module {
	const char *name;
};

#define THIS_MODULE ((struct module *)NULL)

static inline bool try_module_get(struct module *module) { return true; }
static inline void __module_get(struct module *module) { }
static inline void module_put(struct module *module) { }
static inline const char *module_name(const struct module *module)
{
	return module ? module->name : "kernel";
}

#define __MODULE_SAYS(x)	       _Static_assert(1, "")
#define MODULE_LICENSE(text)	       __MODULE_SAYS(text)
#define MODULE_AUTHOR(text)	       __MODULE_SAYS(text)
#define MODULE_DESCRIPTION(text)       __MODULE_SAYS(text)
#define MODULE_VERSION(text)	       __MODULE_SAYS(text)
#define MODULE_ALIAS(text)	       __MODULE_SAYS(text)
#define MODULE_SOFTDEP(text)	       __MODULE_SAYS(text)
#define MODULE_FIRMWARE(text)	       __MODULE_SAYS(text)
#define MODULE_IMPORT_NS(ns)	       __MODULE_SAYS(ns)
#define MODULE_INFO(tag, text)	       __MODULE_SAYS(text)
#define MODULE_SUPPORTED_DEVICE(text)  __MODULE_SAYS(text)
#define MODULE_DEVICE_TABLE(kind, table) \
	static const void *const __device_table_##table __maybe_unused = &table

#endif
