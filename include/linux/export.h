/* SPDX-License-Identifier: MIT */
/* Which names other modules may use: all of them, there is one image. */
#ifndef _LINUX_EXPORT_H
#define _LINUX_EXPORT_H

#define __EXPORT_NOTHING(name)	      _Static_assert(1, #name)
#define EXPORT_SYMBOL(name)	      __EXPORT_NOTHING(name)
#define EXPORT_SYMBOL_GPL(name)	      __EXPORT_NOTHING(name)
#define EXPORT_SYMBOL_NS(name, ns)    __EXPORT_NOTHING(name)
#define EXPORT_SYMBOL_NS_GPL(name, ns) __EXPORT_NOTHING(name)

#endif
