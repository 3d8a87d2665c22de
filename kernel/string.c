/* SPDX-License-Identifier: MIT */
/*
 * The string functions whose names the compiler knows, and calls on its own. A hosted port
 * takes them from its C library instead; what such a library lacks is in string_ext.c.
 *
 * memset, memcpy and memmove work in words of 8 bytes at any alignment, and from REP_MIN
 * bytes on in one `rep` instruction, which every x86_64 microcode moves in whole cache
 * lines. The bytes behind the last whole word are written as one more word that overlaps
 * it, so that large sizes have no loop over bytes.
 *
 * A compiler may recognise a loop that fills or copies and replace it by a call of memset
 * or memcpy: here, of itself. hide() in each such loop keeps the compiler from knowing.
 *
 * No locks, no state; any context, the earliest too.
 */
#include <linux/compiler.h>
#include <linux/kasan.h>
#include <linux/string.h>
#include <linux/types.h>

#define WORD	sizeof(u64)
#define REP_MIN 64

/* A word at any address, over any type. */
typedef u64 word __attribute__((__may_alias__, __aligned__(1)));

#define hide(pointer) __asm__("" : "+r"(pointer))

static inline u64 load(const u8 *p)
{
	return *(const word *)p;
}

static inline void store(u8 *p, u64 value)
{
	*(word *)p = value;
}

static inline void fill_words(u8 *p, u64 pattern, size_t nr)
{
	kasan_check_range(p, nr * WORD, true);
#ifdef __x86_64__
	__asm__ __volatile__("rep stosq" : "+D"(p), "+c"(nr) : "a"(pattern) : "memory");
#else
	for (; nr; nr--, p += WORD) {
		hide(p);
		store(p, pattern);
	}
#endif
}

/* Upwards, a word after the other: the areas may overlap when dst lies below src. */
static inline void copy_words(u8 *dst, const u8 *src, size_t nr)
{
	kasan_check_range(src, nr * WORD, false);
	kasan_check_range(dst, nr * WORD, true);
#ifdef __x86_64__
	__asm__ __volatile__("rep movsq" : "+D"(dst), "+S"(src), "+c"(nr) : : "memory");
#else
	for (; nr; nr--, dst += WORD, src += WORD) {
		hide(dst);
		store(dst, load(src));
	}
#endif
}

void *memset(void *s, int c, size_t n)
{
	u64 pattern = 0x0101010101010101UL * (u8)c;
	u8 *p = s;

	if (n >= REP_MIN) {
		fill_words(p, pattern, n / WORD);
		store(p + n - WORD, pattern);
		return s;
	}
	for (; n >= WORD; n -= WORD, p += WORD) {
		hide(p);
		store(p, pattern);
	}
	for (; n; n--, p++) {
		hide(p);
		*p = (u8)c;
	}
	return s;
}

static inline void copy_up(u8 *dst, const u8 *src, size_t n)
{
	if (n >= REP_MIN) {
		/* Read first: with overlap, the words before may run over these bytes. */
		u64 last = load(src + n - WORD);

		copy_words(dst, src, n / WORD);
		store(dst + n - WORD, last);
		return;
	}
	for (; n >= WORD; n -= WORD, dst += WORD, src += WORD) {
		hide(dst);
		store(dst, load(src));
	}
	for (; n; n--, dst++, src++) {
		hide(dst);
		*dst = *src;
	}
}

/* Without `std; rep movsq`: a trap in between would find the direction flag set. */
static void copy_down(u8 *dst, const u8 *src, size_t n)
{
	for (; n >= WORD; n -= WORD) {
		hide(dst);
		store(dst + n - WORD, load(src + n - WORD));
	}
	for (; n; n--) {
		hide(dst);
		dst[n - 1] = src[n - 1];
	}
}

void *memcpy(void *dst, const void *src, size_t n)
{
	copy_up(dst, src, n);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	/* Wraps to a huge distance when dst lies below src, where copying upwards is safe. */
	if ((uintptr_t)dst - (uintptr_t)src >= n)
		copy_up(dst, src, n);
	else
		copy_down(dst, src, n);
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *p = a, *q = b;

	while (n >= WORD && load(p) == load(q)) {
		p += WORD;
		q += WORD;
		n -= WORD;
	}
	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	const u8 *p = s;

	for (; n; n--, p++)
		if (*p == (u8)c)
			return (void *)p;
	return NULL;
}

size_t strlen(const char *s)
{
	const char *end = s;

	while (*end) {
		end++;
		hide(end);
	}
	return (size_t)(end - s);
}

size_t strnlen(const char *s, size_t n)
{
	size_t length = 0;

	while (length < n && s[length])
		length++;
	return length;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b || !*a)
			return (u8)*a - (u8)*b;
	return 0;
}

/* Finds the terminator too, when that is what is looked for. */
char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)s;
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	do {
		if (*s == (char)c)
			last = s;
	} while (*s++);
	return (char *)last;
}

char *strstr(const char *haystack, const char *needle)
{
	size_t length = strlen(needle);

	for (; *haystack || !length; haystack++)
		if (!strncmp(haystack, needle, length))
			return (char *)haystack;
	return NULL;
}
