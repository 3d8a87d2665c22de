/* SPDX-License-Identifier: MIT */
/* Assertions. BUG ends the run; WARN reports and goes on. */
#ifndef _LINUX_BUG_H
#define _LINUX_BUG_H

#include <linux/compiler.h>
#include <linux/types.h>

/* Prints the message, a backtrace, and `Bail out! message`; stops the machine. */
void panic(const char *fmt, ...) __noreturn __cold __printf(1, 2);

/* Prints Linux's WARNING line with a backtrace. */
void warn_slowpath(const char *file, int line, const char *func) __cold;

#define BUG() panic("kernel BUG at %s:%d in %s", __FILE__, __LINE__, __func__)
#define BUG_ON(cond) do { if (unlikely(cond)) BUG(); } while (0)
#define WARN_ON(cond) ({ bool _w = !!(cond); \
	if (unlikely(_w)) warn_slowpath(__FILE__, __LINE__, __func__); \
	unlikely(_w); })
#define WARN_ON_ONCE(cond) ({ static bool _done; bool _o = !!(cond); \
	if (unlikely(_o) && !_done) { _done = true; warn_slowpath(__FILE__, __LINE__, __func__); } \
	unlikely(_o); })
/* With a text of one's own, by printf's rules, before the report. */
#define WARN(cond, fmt...) ({ bool _w = !!(cond); \
	if (unlikely(_w)) { \
		printk(fmt); \
		warn_slowpath(__FILE__, __LINE__, __func__); \
	} \
	unlikely(_w); })
#define WARN_ONCE(cond, fmt...) ({ static bool _done; bool _o = !!(cond); \
	if (unlikely(_o) && !_done) { \
		_done = true; \
		printk(fmt); \
		warn_slowpath(__FILE__, __LINE__, __func__); \
	} \
	unlikely(_o); })
#define static_assert(cond, ...) _Static_assert(cond, "" __VA_ARGS__)
#define BUILD_BUG_ON_MSG(cond, text) _Static_assert(!(cond), text)
#define BUILD_BUG_ON(cond) _Static_assert(!(cond), "BUILD_BUG_ON: " #cond)

#endif
