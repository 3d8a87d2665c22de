/* SPDX-License-Identifier: MIT */
/*
 * The boot option slab_debug=: which caches are debugged, and how.
 *
 *	slab_debug=FZPUT			all caches
 *	slab_debug=FZ,dentry,kmalloc-*		caches whose names match, `*` any run of characters
 *	slab_debug=P,a*;U,b*			several of these
 *	slab_debug=-				none, whatever the flags of caches say
 *
 *	F  consistency of what describes a slab, at each allocation and free
 *	Z  red zones on both sides of each object
 *	P  poison in free objects
 *	U  who allocated and who freed each object
 *	T  a line on the log for each allocation and free
 *
 * Without letters (slab_debug=,dentry or the value "1") F, Z, P and U are meant. Letters that are
 * none are named and ignored. The first entry that matches a name decides.
 */
#include "kmemleak.h"
#include "slab.h"

#define ALL_FLAGS (SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER)

static const char *option;

static slab_flags_t flag_of(char letter)
{
	switch (letter) {
	case 'F': case 'f':
		return SLAB_CONSISTENCY_CHECKS;
	case 'Z': case 'z':
		return SLAB_RED_ZONE;
	case 'P': case 'p':
		return SLAB_POISON;
	case 'U': case 'u':
		return SLAB_STORE_USER;
	case 'T': case 't':
		return SLAB_TRACE;
	default:
		return 0;
	}
}

static bool ends_word(char c)
{
	return !c || c == ',' || c == ';';
}

/* The flags that letters up to the next , or ; stand for. */
static slab_flags_t read_flags(const char **text)
{
	slab_flags_t flags = 0;
	const char *start = *text;

	for (; !ends_word(**text); ++*text)
		flags |= flag_of(**text);
	return *text == start || *start == '1' ? ALL_FLAGS : flags;
}

/*
 * Does the name match the glob at `glob`, which ends at `end`? What does not fit behind a star is
 * tried again with one more character for the star, the last one only: what the ones before it
 * took fits already, so more for them gains nothing. So it takes the product of both lengths.
 */
static bool matches(const char *glob, const char *end, const char *name)
{
	const char *star = NULL, *taken = NULL;

	while (*name) {
		if (glob < end && *glob == '*') {
			star = glob++;
			taken = name;
		} else if (glob < end && *glob == *name) {
			glob++;
			name++;
		} else if (star) {
			glob = star + 1;
			name = ++taken;
		} else {
			return false;
		}
	}
	while (glob < end && *glob == '*')
		glob++;
	return glob == end;
}

/* Does one of the globs behind a comma match? Without any: yes. Moves to the entry's end. */
static bool read_globs(const char **text, const char *name)
{
	bool some = false, found = false;

	while (**text == ',') {
		const char *glob = ++*text;

		while (!ends_word(**text))
			++*text;
		some = true;
		found |= matches(glob, *text, name);
	}
	return !some || found;
}

slab_flags_t slab_debug_flags(const char *name, slab_flags_t flags)
{
	const char *text = option;
	slab_flags_t wanted;

	if (text && !strcmp(text, "-")) {
		flags &= ~SLAB_DEBUG_FLAGS;
		text = NULL;
	}
	if (QUARRY_KASAN)	/* whatever the option says: without these it sees nothing */
		flags |= SLAB_RED_ZONE | SLAB_STORE_USER;
	if (kmemleak_on)
		flags |= SLAB_STORE_USER;
	if (!text || !*text)
		return flags;
	while (*text) {
		wanted = read_flags(&text);
		if (read_globs(&text, name))
			return flags | wanted;
		if (*text == ';')
			text++;
	}
	return flags;
}

static void name_wrong_letters(const char *text)
{
	bool letters = true;

	for (; *text; text++) {
		if (*text == ',')
			letters = false;
		else if (*text == ';')
			letters = true;
		else if (letters && !flag_of(*text) && *text != '-' && *text != '1')
			pr_warn("slab_debug=: %c is none of F, Z, P, U, T; ignored\n", *text);
	}
}

void slab_debug_set(const char *text)
{
	option = text;
	if (text)
		name_wrong_letters(text);
}
