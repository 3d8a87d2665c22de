/* SPDX-License-Identifier: MIT */
/*
 * Functions that run once, at the end of a start. Here: those of the sources that `make EXTRA=`
 * compiles into the image, after the self-tests, in the order of the files' names. See
 * kernel/module.c.
 */
#ifndef _LINUX_INIT_H
#define _LINUX_INIT_H

#include <linux/compiler.h>

/* Which source a thing comes from; the Makefile says so: its file's name, with _ for -. */
#ifndef KBUILD_MODNAME
#define KBUILD_MODNAME "kernel"
#endif

typedef int (*initcall_t)(void);
typedef void (*exitcall_t)(void);

struct module_init {
	const char *module;
	initcall_t call;
};

struct module_exit {
	const char *module;
	exitcall_t call;
};

/* GCC would turn the order of several in a file round; other compilers keep it. */
#if __has_attribute(no_reorder)
#define __in_order __attribute__((no_reorder))
#else
#define __in_order
#endif
#define __MODULE_ENTRY(kind, fn) \
	static const struct kind __##kind##_##fn __used __in_order __aligned(8) \
		__section(#kind "s") = { KBUILD_MODNAME, fn }

/* `fn` returns 0, or an error: then the module's exit functions are not called. */
#define module_init(fn) __MODULE_ENTRY(module_init, fn)
/* Called at the end, the module that began last first. */
#define module_exit(fn) __MODULE_ENTRY(module_exit, fn)

#define early_initcall(fn)    module_init(fn)
#define pure_initcall(fn)     module_init(fn)
#define core_initcall(fn)     module_init(fn)
#define postcore_initcall(fn) module_init(fn)
#define arch_initcall(fn)     module_init(fn)
#define subsys_initcall(fn)   module_init(fn)
#define fs_initcall(fn)	      module_init(fn)
#define rootfs_initcall(fn)   module_init(fn)
#define device_initcall(fn)   module_init(fn)
#define late_initcall(fn)     module_init(fn)
#define __initcall(fn)	      module_init(fn)
#define __exitcall(fn)	      module_exit(fn)

#endif
