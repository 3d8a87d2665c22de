/* SPDX-License-Identifier: MIT */
#ifndef _LINUX_STRING_H
#define _LINUX_STRING_H

#include <linux/compiler.h>
#include <linux/types.h>

void *memset(void *s, int c, size_t n);
void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
/* The first byte that is not c, or NULL when all are. */
void *memchr_inv(const void *s, int c, size_t n);

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t n);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *haystack, const char *needle);
/* Copies at most size - 1 bytes and terminates; returns the length or -E2BIG. */
ssize_t strscpy(char *dst, const char *src, size_t size);

char *strcpy(char *dst, const char *src);
char *strcat(char *dst, const char *src);
/* At most n bytes, filled up with zeroes, not terminated when src is longer. */
char *strncpy(char *dst, const char *src, size_t n);
/* Copies as strscpy() does; the length of src. */
size_t strlcpy(char *dst, const char *src, size_t size);
int strcasecmp(const char *a, const char *b);
/* How long s consists of bytes in `set`, or of others. */
size_t strspn(const char *s, const char *set);
size_t strcspn(const char *s, const char *set);
/* Cuts the text at *s at the first byte in `set`, and moves *s behind it; NULL at the end. */
char *strsep(char **s, const char *set);
/* Behind the blanks that it begins with; strim() also cuts those at the end. */
char *skip_spaces(const char *s);
char *strim(char *s);
#define strstrip(s) strim(s)

/* Copies that kfree() takes; NULL for NULL, or without memory. See mm/util.c. */
void *kmemdup(const void *source, size_t size, gfp_t gfp);
void *kmemdup_array(const void *source, size_t count, size_t size, gfp_t gfp);
/* `length` bytes, and a zero behind. */
char *kmemdup_nul(const char *source, size_t length, gfp_t gfp);
char *kstrdup(const char *text, gfp_t gfp);
#define kstrdup_const(text, gfp) kstrdup(text, gfp)	/* for kfree_const() */
/* At most max bytes of it, and a zero behind. */
char *kstrndup(const char *text, size_t max, gfp_t gfp);

#endif
