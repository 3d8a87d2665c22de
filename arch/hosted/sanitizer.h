/* SPDX-License-Identifier: MIT */
/*
 * What the sanitizers are told about threads that change their stacks. Empty in a build
 * without them; QUARRY_ASAN and QUARRY_TSAN are defined by hosted.mk.
 */
#ifndef HOSTED_SANITIZER_H
#define HOSTED_SANITIZER_H

#include <linux/types.h>

#ifdef QUARRY_ASAN
void __asan_unpoison_memory_region(void const volatile *addr, size_t size);
void __sanitizer_start_switch_fiber(void **fake_stack, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake_stack, const void **bottom, size_t *size);
#else
static inline void __asan_unpoison_memory_region(void const volatile *addr, size_t size) { }
static inline void __sanitizer_start_switch_fiber(void **fake_stack, const void *bottom,
						  size_t size) { }
static inline void __sanitizer_finish_switch_fiber(void *fake_stack, const void **bottom,
						   size_t *size) { }
#endif

#ifdef QUARRY_TSAN
void *__tsan_get_current_fiber(void);
void *__tsan_create_fiber(unsigned int flags);
void __tsan_destroy_fiber(void *fiber);
void __tsan_switch_to_fiber(void *fiber, unsigned int flags);
#else
static inline void *__tsan_get_current_fiber(void) { return NULL; }
static inline void *__tsan_create_fiber(unsigned int flags) { return NULL; }
static inline void __tsan_destroy_fiber(void *fiber) { }
static inline void __tsan_switch_to_fiber(void *fiber, unsigned int flags) { }
#endif

/* A thread that ended on this stack left redzones there. */
static inline void sanitizer_stack_clean(void *stack, size_t size)
{
	__asan_unpoison_memory_region(stack, size);
}

#endif
