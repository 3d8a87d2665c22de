/* SPDX-License-Identifier: MIT */
/*
 * A path is the list of choices that were made. The next one differs from it in the last place
 * where another choice is left: a search in depth, which ends when no place has one.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "choice.h"

#define MAX_CHOICES 100000

static struct path {
	struct { uint8_t taken, nr; } choices[MAX_CHOICES];
	unsigned int depth, length, deepest;
} *path;

void *memory_outside(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(2);
	return p;
}

void choices_init(void)
{
	path = memory_outside(sizeof(*path));
}

void choices_begin(void)
{
	path->depth = 0;
}

unsigned int choose(unsigned int nr)
{
	if (nr < 2)
		return 0;
	if (path->depth == MAX_CHOICES) {
		printf("a path of more than %d choices\n", MAX_CHOICES);
		exit(2);
	}
	if (path->depth == path->length) {
		path->choices[path->length].taken = 0;
		path->choices[path->length++].nr = (uint8_t)nr;
	}
	if (path->depth == path->deepest)
		path->deepest++;
	return path->choices[path->depth++].taken;
}

bool choices_next(void)
{
	for (; path->length; path->length--)
		if (++path->choices[path->length - 1].taken < path->choices[path->length - 1].nr)
			return true;
	return false;
}

void choices_print(void)
{
	unsigned int i, times;

	for (i = 0; i < path->depth; i += times) {
		for (times = 1; i + times < path->depth; times++)
			if (path->choices[i + times].taken != path->choices[i].taken)
				break;
		printf("%s%ux%u", i ? "." : "", path->choices[i].taken, times);
	}
	printf("\n");
}

void choices_read(const char *text)
{
	unsigned int taken, times;
	int used;

	while (sscanf(text, "%ux%u%n", &taken, &times, &used) == 2) {
		while (times-- && path->length < MAX_CHOICES)
			path->choices[path->length++].taken = (uint8_t)taken;
		text += used;
		text += *text == '.';
	}
}

unsigned int choices_deepest(void)
{
	return path->deepest;
}
