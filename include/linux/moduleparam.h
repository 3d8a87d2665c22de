/* SPDX-License-Identifier: MIT */
/*
 * Variables that the command line sets: `file.name=value`, for module_param(name, ...) in
 * file.c; `file.name` alone for true. They are set before any module_init function runs.
 */
#ifndef _LINUX_MODULEPARAM_H
#define _LINUX_MODULEPARAM_H

#include <linux/compiler.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/stat.h>
#include <linux/types.h>

struct kernel_param;

struct kernel_param_ops {
	unsigned int flags;
	/* Takes a value (NULL: the name stood alone): 0, or an error, which is reported. */
	int (*set)(const char *value, const struct kernel_param *param);
	/* Prints it, at most PAGE_SIZE; how many characters. */
	int (*get)(char *buffer, const struct kernel_param *param);
};

struct kernel_param {
	const char *module, *name;
	const struct kernel_param_ops *ops;
	void *arg;
};

struct kparam_array {
	unsigned int max, elemsize;
	unsigned int *num;
	const struct kernel_param_ops *ops;
	void *elem;
};

struct kparam_string {
	unsigned int maxlen;
	char *string;
};

/* `perm` says who may see and change it in a file system that is not there. */
#define module_param_cb(param, how, value, perm) \
	static const struct kernel_param __param_##param __used __aligned(8) \
		__section("module_params") = { KBUILD_MODNAME, #param, how, value }
#define module_param_named(param, value, type, perm) \
	static inline __maybe_unused __typeof__(param_type_##type) *__check_##param(void) \
	{ return &(value); } \
	module_param_cb(param, &param_ops_##type, &value, perm)
#define module_param(value, type, perm) module_param_named(value, value, type, perm)
#define module_param_unsafe(value, type, perm) module_param(value, type, perm)
/* Up to ARRAY_SIZE(array) values, separated by commas; *nr (or NULL) gets how many. */
#define module_param_array_named(param, array, type, nr, perm) \
	static const struct kparam_array __array_##param = { \
		ARRAY_SIZE(array), sizeof((array)[0]), nr, &param_ops_##type, array }; \
	module_param_cb(param, &param_array_ops, (void *)&__array_##param, perm)
#define module_param_array(array, type, nr, perm) \
	module_param_array_named(array, array, type, nr, perm)
/* Copied into an array of characters. */
#define module_param_string(param, array, size, perm) \
	static const struct kparam_string __string_##param = { size, array }; \
	module_param_cb(param, &param_ops_string, (void *)&__string_##param, perm)
#define MODULE_PARM_DESC(param, text) \
	static const char __parm_desc_##param[] __maybe_unused = text

/* The types: what a variable of each is, and how it is set. */
#define __PARAM_TYPE(name, type) \
	extern type param_type_##name;	/* is nowhere: for __typeof__ */ \
	extern const struct kernel_param_ops param_ops_##name; \
	int param_set_##name(const char *value, const struct kernel_param *param); \
	int param_get_##name(char *buffer, const struct kernel_param *param)
__PARAM_TYPE(byte, unsigned char);
__PARAM_TYPE(short, short);
__PARAM_TYPE(ushort, unsigned short);
__PARAM_TYPE(int, int);
__PARAM_TYPE(uint, unsigned int);
__PARAM_TYPE(long, long);
__PARAM_TYPE(ulong, unsigned long);
__PARAM_TYPE(ullong, unsigned long long);
__PARAM_TYPE(charp, char *);
__PARAM_TYPE(bool, bool);
__PARAM_TYPE(invbool, bool);	/* `file.name=1` makes it false */
#undef __PARAM_TYPE
extern const struct kernel_param_ops param_array_ops, param_ops_string;

#endif
