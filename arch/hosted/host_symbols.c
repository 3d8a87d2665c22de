/* SPDX-License-Identifier: MIT */
/*
 * Names of the functions of this program, read from the symbol table of its own file.
 * dladdr() would know the exported ones only, and most of a backtrace is static functions.
 *
 * The file is mapped once, at the start, and trusted: it is the program itself.
 * A lookup walks the whole table, some thousand entries: it serves reports, nothing hot.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"

static const Elf64_Sym *symbols;
static const char *names;
static size_t nr_symbols;
static unsigned long load_bias;	/* where address 0 of the file was put */

static unsigned long find_load_bias(void)
{
	unsigned long address = getauxval(AT_PHDR), nr = getauxval(AT_PHNUM), i;
	const Elf64_Phdr *headers = (const Elf64_Phdr *)address;

	for (i = 0; i < nr; i++)
		if (headers[i].p_type == PT_PHDR)
			return address - headers[i].p_vaddr;
	return 0;
}

static void read_symbol_table(const char *file)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
	const Elf64_Shdr *sections = (const Elf64_Shdr *)(file + header->e_shoff);
	int i;

	for (i = 0; i < header->e_shnum; i++) {
		if (sections[i].sh_type != SHT_SYMTAB)
			continue;
		names = file + sections[sections[i].sh_link].sh_offset;
		nr_symbols = sections[i].sh_size / sizeof(Elf64_Sym);
		symbols = (const Elf64_Sym *)(file + sections[i].sh_offset);
		return;
	}
}

void host_symbols_open(void)
{
	struct stat status;
	char *file;
	int fd;

	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status))
		return;
	file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (file == MAP_FAILED)
		return;
	load_bias = find_load_bias();
	read_symbol_table(file);
}

int host_symbol(unsigned long addr, const char **name, unsigned long *offset,
		unsigned long *size)
{
	size_t i;

	for (i = 0; i < nr_symbols; i++) {
		const Elf64_Sym *symbol = &symbols[i];
		unsigned long start = load_bias + symbol->st_value;

		if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || !symbol->st_shndx)
			continue;
		if (addr < start || addr - start >= symbol->st_size)
			continue;
		*name = names + symbol->st_name;
		*offset = addr - start;
		*size = symbol->st_size;
		return 1;
	}
	return 0;
}
