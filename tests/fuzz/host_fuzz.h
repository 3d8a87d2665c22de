/* SPDX-License-Identifier: MIT */
/* What the driver asks of libFuzzer and libc; built-in types only, as arch/hosted/host.h. */
#ifndef TESTS_HOST_FUZZ_H
#define TESTS_HOST_FUZZ_H

/*
 * Runs libFuzzer with argv[1] and on; fn gets each input, and returns 0. 0 when all went well.
 * `words`: what stands before `--` on this process's command line.
 */
int host_fuzz(const char *words, int argc, char **argv,
	      int (*fn)(const unsigned char *data, unsigned long size));
/* Writes a file; what goes wrong with that is passed over. */
void host_fuzz_save(const char *path, const void *data, unsigned long size);
/* Memory of the process: a byte past its end is ASan's. */
void *host_fuzz_alloc(unsigned long size);
void host_fuzz_free(void *memory);

#endif
