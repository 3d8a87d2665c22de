/* SPDX-License-Identifier: MIT */
/*
 * Variables that the command line sets: the values of module_param(). The linker gathers what
 * these macros make, the way it gathers self-tests; for each, the command line is searched for
 * `module.name`. The last of several wins; one that makes no sense is reported and changes
 * nothing. `-` and `_` in names are the same.
 *
 * What a charp points to afterwards lies in `texts`, which has room for all of a command line.
 *
 * Locks: none. Variables are set once, before the modules run, and by tests.
 */
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <kernel/boot.h>
#include <kernel/kernel.h>

extern const struct kernel_param __start_module_params[] __weak, __stop_module_params[] __weak;

#define MAX_NAME 96

static char texts[BOOT_CMDLINE];
static size_t texts_used;

#define NUMBER_OPS(name, type, parse, format) \
int param_set_##name(const char *value, const struct kernel_param *param) \
{ \
	return value ? parse(value, 0, (type *)param->arg) : -EINVAL; \
} \
int param_get_##name(char *buffer, const struct kernel_param *param) \
{ \
	return scnprintf(buffer, PARAM_TEXT, format "\n", *(type *)param->arg); \
} \
const struct kernel_param_ops param_ops_##name = { 0, param_set_##name, param_get_##name }

#define PARAM_TEXT 4096		/* what a get function may fill */

NUMBER_OPS(byte, unsigned char, kstrtou8, "%hhu");
NUMBER_OPS(short, short, kstrtos16, "%hd");
NUMBER_OPS(ushort, unsigned short, kstrtou16, "%hu");
NUMBER_OPS(int, int, kstrtoint, "%d");
NUMBER_OPS(uint, unsigned int, kstrtouint, "%u");
NUMBER_OPS(long, long, kstrtol, "%ld");
NUMBER_OPS(ulong, unsigned long, kstrtoul, "%lu");
NUMBER_OPS(ullong, unsigned long long, kstrtoull, "%llu");

int param_set_charp(const char *value, const struct kernel_param *param)
{
	size_t size = value ? strlen(value) + 1 : 0;
	char *text = texts + texts_used;

	if (!value)
		return -EINVAL;
	if (size > sizeof(texts) - texts_used)
		return -ENOSPC;
	texts_used += size;
	*(char **)param->arg = memcpy(text, value, size);
	return 0;
}

int param_get_charp(char *buffer, const struct kernel_param *param)
{
	return scnprintf(buffer, PARAM_TEXT, "%s\n", *(char **)param->arg);
}

const struct kernel_param_ops param_ops_charp = { 0, param_set_charp, param_get_charp };

int param_set_bool(const char *value, const struct kernel_param *param)
{
	return kstrtobool(value ? value : "1", param->arg);
}

int param_get_bool(char *buffer, const struct kernel_param *param)
{
	return scnprintf(buffer, PARAM_TEXT, "%c\n", *(bool *)param->arg ? 'Y' : 'N');
}

const struct kernel_param_ops param_ops_bool = { 0, param_set_bool, param_get_bool };

int param_set_invbool(const char *value, const struct kernel_param *param)
{
	bool *variable = param->arg, inverse;
	int error = kstrtobool(value ? value : "1", &inverse);

	if (!error)
		*variable = !inverse;
	return error;
}

int param_get_invbool(char *buffer, const struct kernel_param *param)
{
	return scnprintf(buffer, PARAM_TEXT, "%c\n", *(bool *)param->arg ? 'N' : 'Y');
}

const struct kernel_param_ops param_ops_invbool = { 0, param_set_invbool, param_get_invbool };

static int set_array(const char *value, const struct kernel_param *param)
{
	const struct kparam_array *array = param->arg;
	struct kernel_param element = *param;
	char text[MAX_NAME];
	unsigned int n = 0;
	const char *end;
	int error = 0;

	for (; value && !error; value = *end ? end + 1 : NULL) {
		end = strchr(value, ',');
		end = end ? end : value + strlen(value);
		if (n == array->max || (size_t)(end - value) >= sizeof(text))
			return -EINVAL;
		memcpy(text, value, (size_t)(end - value));
		text[end - value] = '\0';
		element.arg = (char *)array->elem + array->elemsize * n++;
		error = array->ops->set(text, &element);
	}
	if (!error && array->num)
		*array->num = n;
	return error;
}

const struct kernel_param_ops param_array_ops = { 0, set_array, NULL };

static int set_string(const char *value, const struct kernel_param *param)
{
	const struct kparam_string *string = param->arg;

	if (!value || strlen(value) + 1 > string->maxlen)
		return value ? -ENOSPC : -EINVAL;
	strscpy(string->string, value, string->maxlen);
	return 0;
}

const struct kernel_param_ops param_ops_string = { 0, set_string, NULL };

/* ---- The command line ---- */

static const char *full_name(const struct kernel_param *param, char *buf)
{
	snprintf(buf, MAX_NAME, "%s.%s", param->module, param->name);
	return buf;
}

bool module_param_each(bool (*fn)(const char *name, void *arg), void *arg)
{
	const struct kernel_param *param;
	char name[MAX_NAME];

	for (param = __start_module_params; param < __stop_module_params; param++)
		if (fn(full_name(param, name), arg))
			return true;
	return false;
}

static void set_param(const struct kernel_param *param)
{
	char name[MAX_NAME], text[MAX_NAME * 4];
	const char *value;
	int error;

	full_name(param, name);
	value = cmdline_value(name, text, sizeof(text));
	if (!value && !cmdline_flag(name))
		return;
	error = param->ops->set(value, param);
	if (error)
		pr_err("module: %s=%s makes no sense (error %d); ignored\n", name,
		       value ? value : "", error);
}

void module_params_set(void)
{
	const struct kernel_param *param;

	for (param = __start_module_params; param < __stop_module_params; param++)
		set_param(param);
}
