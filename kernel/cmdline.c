/* SPDX-License-Identifier: MIT */
/*
 * The kernel's command line: words `name` or `name=value`, separated by blanks. Double
 * quotes keep blanks, round a value (name="a b") or a whole word ("name=a b", the form
 * that GRUB makes of it); the quotes themselves are dropped. A quote that is never closed
 * reaches to the end.
 *
 * GRUB puts a backslash before quotes and backslashes that were in a word of its own: it
 * is dropped, and \" is a quote like ", but that neither closes what the other opened.
 *
 * The text is searched anew on each question: nothing is parsed ahead, so nothing can be
 * too long or too many. No locks: the text is set during boot, and by tests.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <kernel/boot.h>
#include <kernel/kernel.h>

static const char *cmdline = boot_info.cmdline;

/* Every option there is: with a value, or, without `=`, a word alone. */
static const char *const known[] = {
	"bench=", "console=", "crash=", "debug_guardpage_minorder=", "dma_debug", "fault=",
	"highmem=", "init_on_alloc=", "init_on_free=", "jitter",
	"kfence.sample_interval=", "kmemleak=", "linger=",
	"maxcpus=", "mem=", "memmap=", "memtest=", "memtest_plant=", "min_free_kbytes=",
	"memhp_default_state=", "nosmp",
	"numa=", "page_owner=", "report=", "rounds=", "scale=", "seed=", "slab_debug=", "soak=",
	"swiotlb=",
	"tap=", "test=", "watchdog_thresh=",
	"BOOT_IMAGE=", "initrd=",	/* loaders add these */
	"no5lvl", "nokaslr",
	NULL
};

const char *const *cmdline_known(void)
{
	return known;
}

const char *cmdline_set(const char *text)
{
	const char *before = cmdline;

	cmdline = text;
	return before;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Is there a backslash at p that only guards the character behind it? */
static bool is_escape(const char *p)
{
	return *p == '\\' && (p[1] == '"' || p[1] == '\'' || p[1] == '\\');
}

/* A word as it stands, with its quotes: [start, end). */
struct word {
	const char *start, *end;
};

/* Finds the next word from *pos on, and moves *pos behind it. */
static bool next_word(const char **pos, struct word *word)
{
	enum { NONE, PLAIN, ESCAPED } kind, open = NONE;
	const char *p = *pos;

	while (is_blank(*p))
		p++;
	word->start = p;
	for (; *p && (open || !is_blank(*p)); p++) {
		kind = is_escape(p) ? ESCAPED : PLAIN;
		p += kind == ESCAPED;
		if (*p == '"' && (!open || open == kind))
			open = open ? NONE : kind;
	}
	word->end = p;
	*pos = p;
	return word->end > word->start;
}

/* In names `_` and `-` are the same. */
static char undashed(char c)
{
	return c == '-' ? '_' : c;
}

/* Where the word goes on behind the given name; NULL when it begins otherwise. */
static const char *skip_name(const struct word *word, const char *name)
{
	const char *p = word->start;

	for (; p < word->end; p++) {
		p += is_escape(p);
		if (*p == '"')
			continue;
		if (!*name || undashed(*p) != undashed(*name))
			break;
		name++;
	}
	return *name ? NULL : p;
}

/* The word's value, still with its quotes, when it is `name=value`; else NULL. */
static const char *find_value(const struct word *word, const char *name)
{
	const char *p = skip_name(word, name);

	return p && p < word->end && *p == '=' ? p + 1 : NULL;
}

/* Copies a value without its quotes; false when size is too small for it. */
static bool copy_value(char *buf, size_t size, const char *from, const char *end)
{
	size_t n = 0;

	for (; from < end; from++) {
		from += is_escape(from);
		if (*from == '"')
			continue;
		if (n + 1 >= size)
			return false;
		buf[n++] = *from;
	}
	if (!size)
		return false;
	buf[n] = '\0';
	return true;
}

bool cmdline_flag(const char *name)
{
	const char *pos = cmdline;
	struct word word;

	while (next_word(&pos, &word))
		if (skip_name(&word, name) == word.end)
			return true;
	return false;
}

bool cmdline_has(const char *name)
{
	const char *pos = cmdline;
	struct word word;

	while (next_word(&pos, &word))
		if (find_value(&word, name))
			return true;
	return false;
}

const char *cmdline_value(const char *name, char *buf, size_t size)
{
	const char *pos = cmdline, *value = NULL, *end = NULL, *found;
	struct word word;

	while (next_word(&pos, &word)) {
		found = find_value(&word, name);
		if (found) {
			value = found;
			end = word.end;
		}
	}
	if (!value)
		return NULL;
	if (!copy_value(buf, size, value, end)) {
		pr_warn("command line: the value of %s= is too long, ignored\n", name);
		return NULL;
	}
	return buf;
}

static bool parse_size(const char *text, u64 *size)
{
	char *end;

	*size = memparse(text, &end);
	return end != text && !*end;
}

static bool parse_number(const char *text, u64 *number)
{
	return !kstrtou64(text, 0, number);
}

static bool read_value(const char *name, const char *kind, u64 *result,
		       bool (*parse)(const char *text, u64 *value))
{
	char text[32];
	u64 value;

	if (!cmdline_value(name, text, sizeof(text)))
		return false;
	if (!parse(text, &value)) {
		pr_warn("command line: %s=%s is not a %s, ignored\n", name, text, kind);
		return false;
	}
	*result = value;
	return true;
}

bool cmdline_size(const char *name, u64 *bytes)
{
	return read_value(name, "size", bytes, parse_size);
}

bool cmdline_number(const char *name, u64 *number)
{
	return read_value(name, "number", number, parse_number);
}

void cmdline_each(const char *name, void (*fn)(const char *value, void *arg), void *arg)
{
	const char *pos = cmdline, *value;
	char text[BOOT_CMDLINE];
	struct word word;

	while (next_word(&pos, &word)) {
		value = find_value(&word, name);
		if (!value)
			continue;
		if (copy_value(text, sizeof(text), value, word.end))
			fn(text, arg);
		else
			pr_warn("command line: a value of %s= is too long, ignored\n", name);
	}
}

void cmdline_drop_last(char *text)
{
	const char *pos = text;
	size_t keep = 0;
	struct word word;

	while (next_word(&pos, &word))
		keep = word.start - text;
	text[keep] = '\0';
}

static bool is_listed(const struct word *word, const char *const *names)
{
	const char *p;

	for (; names && *names; names++) {
		p = skip_name(word, *names);
		if (p && (p == word->end || strchr(*names, '=')))
			return true;
	}
	return false;
}

static bool names_word(const char *name, void *arg)
{
	const struct word *word = arg;
	const char *p = skip_name(word, name);

	return p && (p == word->end || *p == '=');
}

unsigned int cmdline_check(const char *const *more)
{
	const char *pos = cmdline;
	unsigned int unknown = 0;
	struct word word;

	while (next_word(&pos, &word)) {
		if (is_listed(&word, known) || is_listed(&word, more) ||
		    module_param_each(names_word, &word))
			continue;
		pr_warn("command line: %.*s is unknown; ignored\n", (int)(word.end - word.start),
			word.start);
		unknown++;
	}
	return unknown;
}
