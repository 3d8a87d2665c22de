/* SPDX-License-Identifier: MIT */
/*
 * `make UBSAN=1`: what the compiler calls when code does what C leaves undefined. GCC and Clang
 * put a check before each such operation; here are the functions for those that fail. Only that
 * build has this file.
 *
 * Each report names the operation, its place in the source, and the values, then where it was
 * called from; it counts as a WARN, so that a self-test that provokes one by accident fails. The
 * run goes on, as it would have without the check; only code that can never be reached, and a
 * function that ends without the value it owes, end it: what comes next is not code of anyone.
 *
 * The structures are the compilers' own, and their layout is fixed by what they emit. Where they
 * have more fields behind those named here, nothing of that is needed.
 *
 * Any context. No locks. Costs: nothing while nothing is wrong but the checks themselves, which
 * make the image about twice as large.
 */
#include <linux/kernel.h>
#include <kernel/kernel.h>

struct source_place {
	const char *file;
	u32 line, column;
};

struct type {
	u16 kind, info;		/* kind 0: an integer; info: log2 of its bits, twice, + signed */
	char name[];
};

#define KIND_INTEGER 0

struct operation {		/* overflows, division, values that a type does not have */
	struct source_place place;
	const struct type *type;
};

struct shift {
	struct source_place place;
	const struct type *left, *right;
};

struct array_index {
	struct source_place place;
	const struct type *array, *index;
};

struct access {
	struct source_place place;
	const struct type *type;
	u8 log_alignment, kind;
};

struct argument {
	struct source_place place, attribute;
	int number;
};

struct place_only {
	struct source_place place;
};

/* ---- Saying it ---- */

static void begin(const char *what, const struct source_place *place)
{
	warn_counted();
	pr_err("UBSAN: %s in %s:%u:%u\n", what, place->file, place->line, place->column);
}

/* An operand: up to 64 bits come in the register itself. */
static void print_value(char *buf, size_t size, const struct type *type, unsigned long value)
{
	unsigned int bits = 1u << (type->info >> 1);

	if (type->kind != KIND_INTEGER || bits > 64)
		snprintf(buf, size, "?");
	else if (type->info & 1)
		snprintf(buf, size, "%lld", (long long)(value << (64 - bits)) >> (64 - bits));
	else
		snprintf(buf, size, "%llu", (unsigned long long)value);
}

static void report_operation(const char *what, const char *sign, const struct operation *op,
			     unsigned long left, unsigned long right)
{
	char a[24], b[24];

	print_value(a, sizeof(a), op->type, left);
	print_value(b, sizeof(b), op->type, right);
	begin(what, &op->place);
	pr_err("%s %s %s cannot be represented in type %s\n", a, sign, b, op->type->name);
	dump_stack();
}

static void report_plain(const char *what, const struct source_place *place)
{
	begin(what, place);
	dump_stack();
}

/* ---- What the compiler calls ---- */

#define HANDLER(name, ...) \
	void __ubsan_handle_##name(__VA_ARGS__); \
	void __ubsan_handle_##name(__VA_ARGS__)

HANDLER(add_overflow, struct operation *op, unsigned long left, unsigned long right)
{
	report_operation("signed-integer-overflow", "+", op, left, right);
}

HANDLER(sub_overflow, struct operation *op, unsigned long left, unsigned long right)
{
	report_operation("signed-integer-overflow", "-", op, left, right);
}

HANDLER(mul_overflow, struct operation *op, unsigned long left, unsigned long right)
{
	report_operation("signed-integer-overflow", "*", op, left, right);
}

HANDLER(divrem_overflow, struct operation *op, unsigned long left, unsigned long right)
{
	report_operation("division-overflow", "/", op, left, right);
}

HANDLER(negate_overflow, struct operation *op, unsigned long value)
{
	char text[24];

	print_value(text, sizeof(text), op->type, value);
	begin("negation-overflow", &op->place);
	pr_err("negation of %s cannot be represented in type %s\n", text, op->type->name);
	dump_stack();
}

HANDLER(shift_out_of_bounds, struct shift *shift, unsigned long left, unsigned long right)
{
	char a[24], b[24];

	print_value(a, sizeof(a), shift->left, left);
	print_value(b, sizeof(b), shift->right, right);
	begin("shift-out-of-bounds", &shift->place);
	pr_err("shift of %s (type %s) by %s\n", a, shift->left->name, b);
	dump_stack();
}

HANDLER(out_of_bounds, struct array_index *array, unsigned long index)
{
	char text[24];

	print_value(text, sizeof(text), array->index, index);
	begin("array-index-out-of-bounds", &array->place);
	pr_err("index %s is out of range for type %s\n", text, array->array->name);
	dump_stack();
}

HANDLER(type_mismatch_v1, struct access *access, unsigned long address)
{
	unsigned long alignment = 1UL << access->log_alignment;
	bool misaligned = address && address & (alignment - 1);

	begin(!address ? "null-ptr-deref" : misaligned ? "misaligned-access" :
	      "object-size-mismatch", &access->place);
	pr_err("address %016lx for type %s, which wants alignment %lu\n", address,
	       access->type->name, alignment);
	dump_stack();
}

HANDLER(pointer_overflow, struct place_only *place, unsigned long base, unsigned long result)
{
	begin("pointer-overflow", &place->place);
	pr_err("from %016lx to %016lx\n", base, result);
	dump_stack();
}

HANDLER(load_invalid_value, struct operation *op, unsigned long value)
{
	begin("invalid-load", &op->place);
	pr_err("%lu is not a valid value for type %s\n", value, op->type->name);
	dump_stack();
}

HANDLER(nonnull_arg, struct argument *argument)
{
	begin("null-argument", &argument->place);
	pr_err("argument %d must not be NULL\n", argument->number);
	dump_stack();
}

HANDLER(nonnull_return_v1, struct place_only *attribute, struct source_place *place)
{
	report_plain("null-returned", place);
}

HANDLER(vla_bound_not_positive, struct operation *op, unsigned long bound)
{
	report_plain("vla-bound-not-positive", &op->place);
}

HANDLER(invalid_builtin, struct place_only *place)
{
	report_plain("invalid-builtin", &place->place);
}

HANDLER(builtin_unreachable, struct place_only *place)
{
	begin("unreachable-code", &place->place);
	panic("UBSAN: code that cannot be reached");
}

HANDLER(missing_return, struct place_only *place)
{
	begin("missing-return", &place->place);
	panic("UBSAN: a function ends without its value");
}
