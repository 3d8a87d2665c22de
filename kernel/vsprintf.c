/* SPDX-License-Identifier: MIT */
/*
 * Text from formats: snprintf and its family.
 *
 * Conversions d i u x X o c s p and %%, flags `- + # 0` and blank, width and precision
 * (also `*`), lengths hh h l ll z t j, as in C, with these differences:
 *
 *	%#x	gives 0 a prefix too, as Linux does: 0x0
 *	%s	prints (null) for NULL and (efault) for other pointers that cannot be text
 *	%p	16 hexadecimal digits without 0x; %px and %pK are the same
 *	%pS	name+0xoffset/0xsize of the function that an address lies in; %ps its name.
 *		Without a name the bare address, 0x… %pF and %pf are older names of the two
 *	%pB	as %pS for a return address, which may lie behind a function that never returns
 *	%pa	a phys_addr_t or dma_addr_t passed by reference (also %pap, %pad)
 *	%pe	the name of the error in an error pointer: -ENOMEM
 *	%pR	a struct resource: [mem 0xfebf0000-0xfebf0fff]; %pr with flags= behind
 *	%*ph	so many bytes, at most 64: 00 01 02; %*phC with colons, D dashes, N nothing between
 *	%pM	six bytes, 00:01:02:03:04:05; %pm without colons
 *	%pV	a struct va_format: another format with its arguments
 *	%n	does not exist
 *
 * A conversion that is not known ends the interpretation: the arguments behind it cannot be
 * told apart, so the rest of the format is printed as it stands.
 *
 * Everything goes through put_char() and put_all(), which count all and store what fits. Widths
 * are cut at MAX_WIDTH. No locks, no allocation; any context; about 300 bytes of stack.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>
#include <kernel/symbols.h>

#define MAX_WIDTH 65535
#define MAX_BYTES 64		/* of %ph */
#define MIN_TEXT  4096		/* the first page is never text: a NULL with an offset */

enum {
	LEFT = 1, PLUS = 2, BLANK = 4, PREFIX = 8, ZEROES = 16, UPPER = 32, WIDTH = 64,
};

struct output {
	char *buf;
	size_t size, length;	/* length: what the whole text has, may exceed size */
};

struct spec {
	unsigned int flags;
	int width;
	int precision;		/* -1: not given */
	unsigned int bytes;	/* the size of an integer argument */
};

struct arguments {
	__builtin_va_list list;
};

static void put_format(struct output *out, const char *fmt, struct arguments *args);

static void put_char(struct output *out, char c)
{
	if (out->length < out->size)
		out->buf[out->length] = c;
	out->length++;
}

static void put_all(struct output *out, const char *text, size_t n)
{
	if (out->length < out->size)
		memcpy(out->buf + out->length, text, min(n, out->size - out->length));
	out->length += n;
}

static void put_run(struct output *out, char c, int n)
{
	while (n-- > 0)
		put_char(out, c);
}

static void put_text(struct output *out, const struct spec *spec, const char *text, size_t length)
{
	int pad = spec->width - (int)min_t(size_t, length, MAX_WIDTH);

	if (!(spec->flags & LEFT))
		put_run(out, ' ', pad);
	put_all(out, text, length);
	if (spec->flags & LEFT)
		put_run(out, ' ', pad);
}

/* Digits that end before `end`; none for 0 at precision 0. Returns the first. */
static char *make_digits(char *end, u64 value, unsigned int base, const struct spec *spec)
{
	const char *alphabet = spec->flags & UPPER ? "0123456789ABCDEF" : "0123456789abcdef";

	if (!value && spec->precision)
		*--end = '0';
	for (; value; value /= base)
		*--end = alphabet[value % base];
	return end;
}

/* What stands before the digits of a number: its sign or its base. Up to two characters. */
static const char *number_prefix(const struct spec *spec, bool is_signed, bool negative,
				 unsigned int base)
{
	if (negative)
		return "-";
	if (is_signed && spec->flags & PLUS)
		return "+";
	if (is_signed && spec->flags & BLANK)
		return " ";
	if (base == 16 && spec->flags & PREFIX)
		return spec->flags & UPPER ? "0X" : "0x";
	return "";
}

/* A number as spec wants it, behind its prefix. */
static void put_number(struct output *out, const struct spec *spec, const char *prefix, u64 value,
		       unsigned int base)
{
	char room[24], *end = room + sizeof(room);
	const char *digits = make_digits(end, value, base, spec);
	int n = (int)(end - digits), length = (int)strlen(prefix);
	int zeroes = max(spec->precision - n, 0);
	int pad;

	if (base == 8 && spec->flags & PREFIX && !zeroes && !(n && *digits == '0'))
		zeroes = 1;
	pad = spec->width - length - zeroes - n;
	if (pad > 0 && spec->flags & ZEROES && !(spec->flags & LEFT) && spec->precision < 0) {
		zeroes += pad;
		pad = 0;
	}
	if (!(spec->flags & LEFT))
		put_run(out, ' ', pad);
	put_all(out, prefix, (size_t)length);
	put_run(out, '0', zeroes);
	put_all(out, digits, (size_t)n);
	if (spec->flags & LEFT)
		put_run(out, ' ', pad);
}

static void put_signed(struct output *out, const struct spec *spec, struct arguments *args)
{
	s64 value;
	u64 magnitude;

	if (spec->bytes == 8)
		value = __builtin_va_arg(args->list, long);
	else
		value = __builtin_va_arg(args->list, int);
	if (spec->bytes == 1)
		value = (s8)value;
	else if (spec->bytes == 2)
		value = (s16)value;
	magnitude = value < 0 ? -(u64)value : (u64)value;
	put_number(out, spec, number_prefix(spec, true, value < 0, 10), magnitude, 10);
}

static void put_unsigned(struct output *out, const struct spec *spec, struct arguments *args,
			 unsigned int base)
{
	u64 value;

	if (spec->bytes == 8)
		value = __builtin_va_arg(args->list, unsigned long);
	else
		value = __builtin_va_arg(args->list, unsigned int);
	if (spec->bytes == 1)
		value = (u8)value;
	else if (spec->bytes == 2)
		value = (u16)value;
	put_number(out, spec, number_prefix(spec, false, false, base), value, base);
}

static void put_string(struct output *out, const struct spec *spec, const char *text)
{
	size_t limit = spec->precision < 0 ? ~0UL : (size_t)spec->precision;

	if (!text)
		put_text(out, spec, "(null)", 6);
	else if ((unsigned long)text < MIN_TEXT || IS_ERR(text))
		put_text(out, spec, "(efault)", 8);
	else
		put_text(out, spec, text, strnlen(text, limit));
}

/* `back` is 1 for a return address: the call before it says which function it is. */
static void put_symbol(struct output *out, const struct spec *spec, unsigned long addr,
		       unsigned long back, bool with_offset)
{
	unsigned long offset, size;
	const char *name;
	char text[160];
	int length;

	if (!symbol_lookup(addr - back, &name, &offset, &size))
		length = scnprintf(text, sizeof(text), "0x%lx", addr);
	else if (with_offset)
		length = scnprintf(text, sizeof(text), "%s+0x%lx/0x%lx", name, offset + back, size);
	else
		length = scnprintf(text, sizeof(text), "%s", name);
	put_text(out, spec, text, (size_t)length);
}

static const char *error_name(long error)
{
#define NAME(e) case e: return "-" #e
	switch (-error) {
	NAME(EPERM); NAME(ENOENT); NAME(EINTR); NAME(EIO); NAME(ENXIO); NAME(E2BIG);
	NAME(EAGAIN); NAME(ENOMEM); NAME(EACCES); NAME(EFAULT); NAME(EBUSY); NAME(EEXIST);
	NAME(ENODEV); NAME(EINVAL); NAME(ENOSPC); NAME(EDOM); NAME(ERANGE); NAME(EDEADLK);
	NAME(ENOSYS); NAME(EOVERFLOW); NAME(EOPNOTSUPP); NAME(ETIMEDOUT); NAME(ETIME);
	NAME(EINPROGRESS); NAME(ENOTTY); NAME(EPIPE); NAME(ENODATA); NAME(EPROTO);
	NAME(EMSGSIZE); NAME(ENOBUFS); NAME(EALREADY); NAME(ECANCELED); NAME(ERESTARTSYS);
	NAME(EPROBE_DEFER); NAME(ENOTSUPP); NAME(EROFS); NAME(EFBIG); NAME(EILSEQ);
	}
#undef NAME
	return NULL;
}

static void put_error(struct output *out, const struct spec *spec, const void *p)
{
	struct spec plain = *spec;
	const char *name = error_name(PTR_ERR(p));

	plain.precision = -1;
	if (name)
		put_text(out, spec, name, strlen(name));
	else
		put_number(out, &plain, "-", -(u64)PTR_ERR(p), 10);
}

/* An address, 16 digits of it. */
static void put_address(struct output *out, const struct spec *spec, const char *prefix, u64 addr)
{
	struct spec full = *spec;

	full.precision = 16;
	put_number(out, &full, prefix, addr, 16);
}

/* `n` bytes, each two digits, with `between` between them unless that is 0. */
static void put_bytes(struct output *out, const u8 *bytes, unsigned int n, char between)
{
	for (unsigned int i = 0; i < n; i++) {
		if (i && between)
			put_char(out, between);
		put_char(out, "0123456789abcdef"[bytes[i] >> 4]);
		put_char(out, "0123456789abcdef"[bytes[i] & 15]);
	}
}

static const char *put_hex(struct output *out, const struct spec *spec, const u8 *bytes,
			   const char *fmt)
{
	unsigned int n = spec->flags & WIDTH ? min(spec->width, MAX_BYTES) : 1;

	switch (*fmt) {
	case 'C': put_bytes(out, bytes, n, ':'); return fmt + 1;
	case 'D': put_bytes(out, bytes, n, '-'); return fmt + 1;
	case 'N': put_bytes(out, bytes, n, 0); return fmt + 1;
	}
	put_bytes(out, bytes, n, ' ');
	return fmt;
}

static void put_resource(struct output *out, const struct spec *spec, const struct resource *res,
			 bool raw)
{
	bool io = res->flags & IORESOURCE_IO;
	char text[96];
	int n;

	n = scnprintf(text, sizeof(text), io ? "[io  0x%04llx-0x%04llx" : res->flags &
		      IORESOURCE_IRQ ? "[irq %llu-%llu" : "[mem 0x%08llx-0x%08llx", res->start,
		      res->end);
	if (raw)
		n += scnprintf(text + n, sizeof(text) - n, " flags 0x%lx", res->flags);
	else if (!io)
		n += scnprintf(text + n, sizeof(text) - n, "%s%s",
			       res->flags & IORESOURCE_MEM_64 ? " 64bit" : "",
			       res->flags & IORESOURCE_PREFETCH ? " pref" : "");
	n += scnprintf(text + n, sizeof(text) - n, "]");
	put_text(out, spec, text, (size_t)n);
}

/* For %p with a letter that wants memory behind the pointer: NULL if it is none of those. */
static const char *put_object(struct output *out, const struct spec *spec, void *p,
			      const char *fmt)
{
	const struct va_format *format = p;
	struct arguments args;

	if (!*fmt || !strchr("hMmRrV", *fmt))
		return NULL;
	if ((unsigned long)p < MIN_TEXT || IS_ERR(p)) {
		put_string(out, spec, p);
		return fmt + 1;
	}
	switch (*fmt) {
	case 'h': return put_hex(out, spec, p, fmt + 1);
	case 'M': put_bytes(out, p, 6, ':'); return fmt + 1;
	case 'm': put_bytes(out, p, 6, 0); return fmt + 1;
	case 'R': put_resource(out, spec, p, false); return fmt + 1;
	case 'r': put_resource(out, spec, p, true); return fmt + 1;
	}
	__builtin_va_copy(args.list, *format->va);
	put_format(out, format->fmt, &args);
	__builtin_va_end(args.list);
	return fmt + 1;
}

/* %p and the letters behind it, which fmt points to; returns where they end. */
static const char *put_pointer(struct output *out, const struct spec *spec, void *p,
			       const char *fmt)
{
	const char *end = put_object(out, spec, p, fmt);
	unsigned long addr = (unsigned long)p;

	if (end)
		return end;
	switch (*fmt) {
	case 'F':
	case 'S': put_symbol(out, spec, addr, 0, true); return fmt + 1;
	case 'f':
	case 's': put_symbol(out, spec, addr, 0, false); return fmt + 1;
	case 'B': put_symbol(out, spec, addr, 1, true); return fmt + 1;
	case 'a':
		if (addr < MIN_TEXT || IS_ERR(p))
			put_string(out, spec, p);
		else
			put_address(out, spec, "0x", *(const phys_addr_t *)p);
		return fmt[1] == 'p' || fmt[1] == 'd' ? fmt + 2 : fmt + 1;
	case 'e':
		if (IS_ERR(p))
			put_error(out, spec, p);
		else
			put_address(out, spec, "", addr);
		return fmt + 1;
	}
	put_address(out, spec, number_prefix(spec, false, false, 16), addr);
	return *fmt == 'x' || *fmt == 'K' ? fmt + 1 : fmt;
}

static const char *scan_flags(const char *fmt, struct spec *spec)
{
	for (;; fmt++) {
		switch (*fmt) {
		case '-': spec->flags |= LEFT; break;
		case '+': spec->flags |= PLUS; break;
		case ' ': spec->flags |= BLANK; break;
		case '#': spec->flags |= PREFIX; break;
		case '0': spec->flags |= ZEROES; break;
		default: return fmt;
		}
	}
}

static const char *scan_number(const char *fmt, int *number, struct arguments *args)
{
	int n = 0;

	if (*fmt == '*') {
		*number = clamp(__builtin_va_arg(args->list, int), -MAX_WIDTH, MAX_WIDTH);
		return fmt + 1;
	}
	for (; *fmt >= '0' && *fmt <= '9'; fmt++)
		n = min(n * 10 + (*fmt - '0'), MAX_WIDTH);
	*number = n;
	return fmt;
}

static const char *scan_length(const char *fmt, struct spec *spec)
{
	spec->bytes = 4;
	switch (*fmt) {
	case 'h':
		spec->bytes = fmt[1] == 'h' ? 1 : 2;
		return fmt[1] == 'h' ? fmt + 2 : fmt + 1;
	case 'l':
		spec->bytes = 8;
		return fmt[1] == 'l' ? fmt + 2 : fmt + 1;
	case 'z': case 't': case 'j':
		spec->bytes = 8;
		return fmt + 1;
	}
	return fmt;
}

/* What stands between % and the letter of the conversion; returns where that letter is. */
static const char *scan_spec(const char *fmt, struct spec *spec, struct arguments *args)
{
	*spec = (struct spec){ .precision = -1 };
	fmt = scan_flags(fmt, spec);
	if (*fmt == '*' || (*fmt >= '1' && *fmt <= '9'))
		spec->flags |= WIDTH;
	fmt = scan_number(fmt, &spec->width, args);
	if (spec->width < 0) {
		spec->flags |= LEFT;
		spec->width = -spec->width;
	}
	if (*fmt == '.')
		fmt = scan_number(fmt + 1, &spec->precision, args);
	return scan_length(fmt, spec);
}

/* One conversion, fmt behind its %; returns where it ends, or NULL when it is not known. */
static const char *put_conversion(struct output *out, const char *fmt, struct arguments *args)
{
	struct spec spec;
	char c;

	fmt = scan_spec(fmt, &spec, args);
	switch (*fmt++) {
	case 'd': case 'i': put_signed(out, &spec, args); return fmt;
	case 'u': put_unsigned(out, &spec, args, 10); return fmt;
	case 'o': put_unsigned(out, &spec, args, 8); return fmt;
	case 'X': spec.flags |= UPPER; fallthrough;
	case 'x': put_unsigned(out, &spec, args, 16); return fmt;
	case 'c':
		c = (char)__builtin_va_arg(args->list, int);
		put_text(out, &spec, &c, 1);
		return fmt;
	case 's': put_string(out, &spec, __builtin_va_arg(args->list, const char *)); return fmt;
	case 'p': return put_pointer(out, &spec, __builtin_va_arg(args->list, void *), fmt);
	case '%': put_char(out, '%'); return fmt;
	}
	return NULL;
}

static void put_format(struct output *out, const char *fmt, struct arguments *args)
{
	const char *end = fmt;

	while (*fmt) {
		while (*end && *end != '%')
			end++;
		put_all(out, fmt, (size_t)(end - fmt));
		fmt = end;
		if (*fmt)
			end = put_conversion(out, fmt + 1, args);
		if (!end)
			end = fmt + strlen(fmt);	/* the rest as it stands */
		else
			fmt = end;
	}
}

int vsnprintf(char *buf, size_t size, const char *fmt, __builtin_va_list list)
{
	struct output out = { buf, size, 0 };
	struct arguments args;

	if (WARN_ON_ONCE(size > INT_MAX))
		return 0;
	__builtin_va_copy(args.list, list);
	put_format(&out, fmt, &args);
	__builtin_va_end(args.list);
	if (size)
		buf[min(out.length, size - 1)] = '\0';
	return (int)min_t(size_t, out.length, INT_MAX);
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	__builtin_va_list args;
	int length;

	__builtin_va_start(args, fmt);
	length = vsnprintf(buf, size, fmt, args);
	__builtin_va_end(args);
	return length;
}

int sprintf(char *buf, const char *fmt, ...)
{
	__builtin_va_list args;
	int length;

	__builtin_va_start(args, fmt);
	length = vsnprintf(buf, INT_MAX, fmt, args);
	__builtin_va_end(args);
	return length;
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	__builtin_va_list args;
	int length;

	__builtin_va_start(args, fmt);
	length = vsnprintf(buf, size, fmt, args);
	__builtin_va_end(args);
	return size ? (int)min_t(size_t, (size_t)length, size - 1) : 0;
}
