# SPDX-License-Identifier: MIT
#
# The hosted port: mm/, kernel/ and tests/ in a Linux process, build/hosted/quarry.
#
# May be set: HOSTED_CC, HOSTED_SANITIZE=address,undefined (or thread, or nothing),
# HOSTED_OPT=-O1, HOSTED_DEBUG_LOCKS=1 (or 0), HOSTED_BUILD=dir, EXTRA_CFLAGS; HOSTED_FUZZ=1: the
# fuzzers of tests/fuzz in place of the self-tests, by Clang alone; HOSTED_COVERAGE=1: mm/ counts
# how often each line runs, for GCC's gcov.

HOSTED_CC ?= $(if $(findstring -elf-,$(CC)),gcc,$(CC))
HOSTED_SANITIZE ?= address,undefined
HOSTED_OPT ?= -O1
# The checks of locks: on where there is a sanitizer.
HOSTED_DEBUG_LOCKS ?= $(if $(HOSTED_SANITIZE),1,0)
HOSTED_BUILD ?= $(BUILD)/hosted
HOSTED_BINARY := $(HOSTED_BUILD)/quarry
# The same again, under ThreadSanitizer.
HOSTED_TSAN := $(BUILD)/hosted-tsan/quarry
FUZZER := $(BUILD)/fuzz/quarry

# All of the kernel but what is the bare machine's: its main(), its symbol table, and the
# tests that look at the machine. Of arch/x86_64 what only computes, with its tests.
HOSTED_BARE := kernel/main.c kernel/symbols.c kernel/ubsan.c kernel/kcov.c tests/test_boot.c \
	tests/test_mce.c tests/test_ubsan.c tests/test_nodes.c tests/test_smp_boot.c \
	tests/test_pci.c tests/test_edu.c tests/test_dimm.c
HOSTED_BARE += mm/kasan.c mm/kasan_report.c mm/kasan_quarantine.c
HOSTED_BARE += kernel/stackprotector.c tests/test_kaslr.c
HOSTED_PURE := $(wildcard $(addprefix arch/x86_64/,multiboot2.c pvh.c acpi_tables.c \
	console_option.c screen.c fbcon.c font.c serial.c vga.c madt.c srat.c slit.c apic_regs.c \
	calibrate.c mcfg.c pci_scan.c fadt.c))
# These define or test what libc has too, and get other names for it.
HOSTED_RENAMED := kernel/string.c kernel/string_copy.c tests/test_string.c \
	tests/test_string_copy.c
HOSTED_RENAMES := memset memcpy memmove memcmp memchr strlen strnlen strcmp strncmp strchr \
	strrchr strstr strcpy strcat strncpy strcasecmp strspn strcspn strsep

# Seen with libc's headers; everything else is seen with ours.
HOSTED_LIBC_SOURCES := $(sort $(wildcard arch/hosted/host*.c \
	$(if $(HOSTED_FUZZ),tests/fuzz/host*.c)))
# ThreadSanitizer's code may not run here: it may be what was interrupted.
HOSTED_UNSEEN := arch/hosted/host_cpu.c arch/hosted/host_fault.c arch/hosted/switch.c
# What it is for. The driver of the fuzzers stands in work.c's place.
ifneq ($(HOSTED_FUZZ),)
HOSTED_PURPOSE := $(sort $(wildcard tests/fuzz/*.c tests/bench/trace.c tests/bench/replay.c))
HOSTED_BARE += arch/hosted/work.c tests/test_string.c tests/test_string_copy.c
HOSTED_RENAMED := $(filter-out tests/%,$(HOSTED_RENAMED))
else
HOSTED_PURPOSE := $(sort $(wildcard tests/test_*.c tests/hosted/test_*.c tests/bench/*.c))
endif
HOSTED_SOURCES := $(filter-out $(HOSTED_BARE) $(HOSTED_RENAMED) $(HOSTED_LIBC_SOURCES), \
	$(sort $(wildcard mm/*.c)) $(sort $(wildcard kernel/*.c)) $(HOSTED_PURE) \
	$(sort $(wildcard arch/hosted/*.c)) $(HOSTED_PURPOSE))

HOSTED_OBJECTS := $(HOSTED_SOURCES:%=$(HOSTED_BUILD)/%.o)
HOSTED_LIBC_OBJECTS := $(HOSTED_LIBC_SOURCES:%=$(HOSTED_BUILD)/%.o)
HOSTED_RENAMED_OBJECTS := $(patsubst %,$(HOSTED_BUILD)/%.o,$(wildcard $(HOSTED_RENAMED)))
# Linked in this order: text_start.S and text_end.S enclose our own code.
HOSTED_ALL_OBJECTS := $(HOSTED_BUILD)/arch/hosted/text_start.S.o $(HOSTED_OBJECTS) \
	$(HOSTED_RENAMED_OBJECTS) $(HOSTED_LIBC_OBJECTS) $(HOSTED_BUILD)/arch/hosted/text_end.S.o

HOSTED_LIBC_CFLAGS := -std=gnu17 -fPIE -fno-omit-frame-pointer -fno-strict-aliasing \
	$(HOSTED_OPT) -g -Wall -Wextra -Werror -Wmissing-prototypes -Wno-unused-parameter \
	-DQUARRY_HOSTED -DQUARRY_DEBUG_LOCKS=$(HOSTED_DEBUG_LOCKS) $(EXTRA_CFLAGS) \
	$(if $(HOSTED_SANITIZE),-fsanitize=$(HOSTED_SANITIZE) -fno-sanitize-recover=all)
ifneq ($(findstring clang,$(HOSTED_CC)),)
HOSTED_LIBC_CFLAGS += -Wno-gnu-variable-sized-type-not-at-end
endif
ifneq ($(findstring address,$(HOSTED_SANITIZE)),)
HOSTED_LIBC_CFLAGS += -DQUARRY_ASAN
endif
ifneq ($(findstring thread,$(HOSTED_SANITIZE)),)
HOSTED_LIBC_CFLAGS += -DQUARRY_TSAN
# GCC warns of each fence, which its run-time library cannot follow.
HOSTED_LIBC_CFLAGS += $(if $(findstring clang,$(HOSTED_CC)),,-Wno-tsan)
endif
HOSTED_CFLAGS := $(HOSTED_LIBC_CFLAGS) $(if $(HOSTED_FUZZ),-fsanitize=fuzzer-no-link) \
	-ffreestanding -nostdinc -Iinclude -Iarch/hosted/include -I. \
	-Dsnprintf=quarry_snprintf -Dvsnprintf=quarry_vsnprintf -Dsprintf=quarry_sprintf

$(HOSTED_BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(HOSTED_CC) $(HOSTED_CFLAGS) $(HOSTED_ALL_OBJECTS)' | cmp -s - $@ || \
		echo '$(HOSTED_CC) $(HOSTED_CFLAGS) $(HOSTED_ALL_OBJECTS)' > $@

$(HOSTED_OBJECTS): private HOSTED_FLAGS = $(HOSTED_CFLAGS)
ifneq ($(HOSTED_COVERAGE),)
$(filter $(HOSTED_BUILD)/mm/%,$(HOSTED_OBJECTS)): private HOSTED_COUNTED = \
	-fprofile-arcs -ftest-coverage -fprofile-update=atomic
HOSTED_LIBC_CFLAGS += -DQUARRY_GCOV
HOSTED_LINK := --coverage
endif
$(HOSTED_RENAMED_OBJECTS): private HOSTED_FLAGS = $(HOSTED_CFLAGS) \
	$(foreach f,$(HOSTED_RENAMES),-D$f=quarry_$f)
$(HOSTED_LIBC_OBJECTS): private HOSTED_FLAGS = $(HOSTED_LIBC_CFLAGS)
$(HOSTED_UNSEEN:%=$(HOSTED_BUILD)/%.o): private HOSTED_UNSEEN_FLAGS = \
	$(if $(findstring thread,$(HOSTED_SANITIZE)),-fno-sanitize=thread)
$(HOSTED_ALL_OBJECTS): $(HOSTED_BUILD)/%.o: % $(HOSTED_BUILD)/flags
	@mkdir -p $(@D)
	@echo '  HOSTED CC  $<'
	@$(HOSTED_CC) $(HOSTED_FLAGS) $(HOSTED_UNSEEN_FLAGS) $(HOSTED_COUNTED) -MMD -MP -c -o $@ $<

# libFuzzer without a main() of its own.
LIBFUZZER = $(shell $(HOSTED_CC) -print-file-name=libclang_rt.fuzzer_no_main-x86_64.a)
$(HOSTED_BINARY): $(HOSTED_ALL_OBJECTS)
	@echo '  HOSTED LD  $@'
	@$(HOSTED_CC) -pie $(if $(HOSTED_SANITIZE),-fsanitize=$(HOSTED_SANITIZE)) -pthread \
		$(HOSTED_LINK) -o $@ $^ $(if $(HOSTED_FUZZ),$(LIBFUZZER) -lstdc++ -lm)

ifneq ($(HOSTED_BINARY),$(HOSTED_TSAN))
$(HOSTED_TSAN): FORCE
	@$(MAKE) --no-print-directory HOSTED_SANITIZE=thread HOSTED_BUILD=$(@D) $@
endif

ifneq ($(HOSTED_BINARY),$(FUZZER))
$(FUZZER): FORCE
	@$(MAKE) --no-print-directory HOSTED_FUZZ=1 HOSTED_CC=clang HOSTED_BUILD=$(@D) $@
endif

-include $(HOSTED_ALL_OBJECTS:.o=.d)
