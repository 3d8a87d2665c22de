/* SPDX-License-Identifier: MIT */
/*
 * Memory, output and exit of the hosted port, by libc.
 *
 * RAM is one sparse memfd; the offset in it is the physical address. Reserving address
 * space, and taking a mapping away, puts an inaccessible anonymous mapping there; mapping
 * RAM puts a shared mapping of the memfd over it. Linux merges neighbours that continue
 * each other, so a run of pages costs one of the 65530 mappings a process may have.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host.h"

#define ALIGNMENT 0x200000UL
#define JUNK_SIZE 0x10000

/* Writes how often lines ran: libgcov's, where that is counted (make coverage). */
#ifdef QUARRY_GCOV
void __gcov_dump(void);
#else
static inline void __gcov_dump(void) { }
#endif

void (*host_last_words)(int code);

static int ram_fd = -1;

unsigned long host_reserve(unsigned long hint, unsigned long size)
{
	void *area = mmap((void *)hint, size + ALIGNMENT, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (area == MAP_FAILED)
		return 0;
	return ((unsigned long)area + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

int host_ram_create(unsigned long size)
{
	ram_fd = memfd_create("quarry-ram", MFD_CLOEXEC);
	if (ram_fd < 0)
		return -1;
	return ftruncate(ram_fd, (off_t)size);
}

/* Not through a mapping: ThreadSanitizer would note down every byte. */
int host_ram_soil(unsigned long pa, unsigned long size)
{
	static char junk[JUNK_SIZE];

	memset(junk, 0xa5, sizeof(junk));
	while (size) {
		unsigned long piece = size < sizeof(junk) ? size : sizeof(junk);

		if (syscall(SYS_pwrite64, ram_fd, junk, piece, pa) != (long)piece)
			return -1;
		pa += piece;
		size -= piece;
	}
	return 0;
}

static int rights(int writable, int executable)
{
	return PROT_READ | (writable ? PROT_WRITE : 0) | (executable ? PROT_EXEC : 0);
}

int host_ram_map(unsigned long va, unsigned long pa, unsigned long size, int writable,
		 int executable)
{
	void *to = mmap((void *)va, size, rights(writable, executable), MAP_SHARED | MAP_FIXED,
			ram_fd, (off_t)pa);

	return to == MAP_FAILED ? -1 : 0;
}

int host_protect(unsigned long va, unsigned long size, int writable, int executable)
{
	return mprotect((void *)va, size, rights(writable, executable));
}

int host_ram_unmap(unsigned long va, unsigned long size)
{
	void *to = mmap((void *)va, size, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);

	return to == MAP_FAILED ? -1 : 0;
}

void *host_alloc(unsigned long size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

const void *host_map_file(const char *path, unsigned long *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	void *content;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) || status.st_size <= 0) {
		close(fd);
		return NULL;
	}
	*size = (unsigned long)status.st_size;
	content = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	return content == MAP_FAILED ? NULL : content;
}

int host_commit(unsigned long va, unsigned long size)
{
	return mprotect((void *)va, size, PROT_READ | PROT_WRITE);
}

void host_write(const char *text, unsigned long len)
{
	while (len) {
		ssize_t done = write(STDOUT_FILENO, text, len);

		if (done <= 0)	/* a closed pipe: there is nobody left to tell */
			return;
		text += done;
		len -= (unsigned long)done;
	}
}

/* Other threads may be stopped inside a sanitizer's run-time library, with its locks held. */
void host_exit(int code)
{
	void (*last_words)(int) = host_last_words;

	host_last_words = NULL;		/* whatever goes wrong in there: once */
	if (last_words)
		last_words(code);
	__gcov_dump();
	for (;;)
		syscall(SYS_exit_group, code);
}
