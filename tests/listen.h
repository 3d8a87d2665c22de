/* SPDX-License-Identifier: MIT */
/*
 * For self-tests that read what the log says. One listener at a time; 2 KiB are kept, or what a
 * file defines LISTEN_SIZE to be.
 */
#ifndef TESTS_LISTEN_H
#define TESTS_LISTEN_H

#include <kernel/console.h>

#ifndef LISTEN_SIZE
#define LISTEN_SIZE 2048
#endif

static char heard[LISTEN_SIZE];
static size_t heard_len;

static void hear(struct console *con, const char *text, size_t len)
{
	for (size_t i = 0; i < len && heard_len < sizeof(heard) - 1; i++)
		heard[heard_len++] = text[i];
	heard[heard_len] = 0;
}

static struct console listener = { .name = "listener", .write = hear };

static void listen_start(void)
{
	console_register(&listener);	/* it first hears the log so far */
	heard_len = 0;
	heard[0] = 0;
	barrier();			/* a fault may be what is listened for */
}

static const char *listen_stop(void)
{
	console_unregister(&listener);
	return heard;
}

/* The statement is one misuse, and its report has the text in it. */
#define CHECK_REPORT(text, statement) do { \
	selftest_expect_reports(1); \
	listen_start(); \
	statement; \
	CHECK(strstr(listen_stop(), text)); \
} while (0)

#endif
