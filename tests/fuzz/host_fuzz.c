/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer as a library (its run-time library without main()). Signals, limits of time and of
 * memory are the hosted port's business: all of libFuzzer's own are off, so no thread of its own
 * runs beside the CPUs.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "host_fuzz.h"

#define MOST_ARGUMENTS 64

int LLVMFuzzerRunDriver(int *argc, char ***argv,
			int (*fn)(const unsigned char *data, unsigned long size));

/* libFuzzer starts itself again to merge corpora: what a shell is told for that comes first. */
static char self[4096];

static char *const own_options[] = {
	self, "-rss_limit_mb=0", "-malloc_limit_mb=0", "-timeout=0", "-handle_segv=0",
	"-handle_bus=0", "-handle_abrt=0", "-handle_ill=0", "-handle_fpe=0", "-handle_int=0",
	"-handle_term=0", "-detect_leaks=0",
};

#define NR_OWN ((int)(sizeof(own_options) / sizeof(own_options[0])))

static void name_self(const char *words)
{
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length > 0)
		snprintf(self + length, sizeof(self) - (size_t)length, " %s --", words);
}

int host_fuzz(const char *words, int argc, char **argv,
	      int (*fn)(const unsigned char *data, unsigned long size))
{
	static char *arguments[MOST_ARGUMENTS + NR_OWN + 1];
	char **first = arguments;
	int nr = NR_OWN, i;

	name_self(words);
	for (i = 0; i < NR_OWN; i++)
		arguments[i] = own_options[i];
	for (i = 1; i < argc && i < MOST_ARGUMENTS; i++)
		arguments[nr++] = argv[i];
	return LLVMFuzzerRunDriver(&nr, &first, fn);
}

void host_fuzz_save(const char *path, const void *data, unsigned long size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0)
		return;
	if (write(fd, data, size) == (ssize_t)size)
		close(fd);
}

void *host_fuzz_alloc(unsigned long size)
{
	void *memory = malloc(size);

	if (!memory)
		abort();
	return memory;
}

void host_fuzz_free(void *memory)
{
	free(memory);
}
