# SPDX-License-Identifier: MIT
#
# Quarry. `make help` lists what a person can do; `make deps run` does it.
#
# For all builds: BUILD=dir, CC=clang, CROSS_COMPILE=x86_64-elf-, EXTRA_CFLAGS=-DQUARRY_…,
# DEBUG_LOCKS=1 (checks of locks, see docs/locking.md), UBSAN=1 (of undefined behaviour),
# KASAN=1 (of each touch of memory; GCC only), STACK_PROTECTOR=0, COVERAGE=1 (prints at its end
# which code ran), EXTRA='folder...' (sources of your own); of the hosted port HOSTED_CC=gcc,
# HOSTED_SANITIZE=thread, HOSTED_OPT=-O2.
# For run, run-uefi and gdb: ARGS='test=buddy.*', MEM=1G, CPU=max, MACHINE=q35, QEMU_EXTRA=…; for
# all that boots, QEMU=program, OVMF=file.

BUILD ?= build
CROSS_COMPILE ?= x86_64-linux-gnu-
ifeq ($(origin CC),default)
CC := $(CROSS_COMPILE)gcc
endif
LD := $(CROSS_COMPILE)ld
NM := $(CROSS_COMPILE)nm
PYTHON ?= python3

DEBIAN_PACKAGES := binutils clang gcc gdb grub-common grub-efi-amd64-bin grub-pc-bin libc6-dev \
	libclang-rt-dev make mtools ovmf perl python3 qemu-system-x86 util-linux valgrind \
	xorriso zstd

# `make deps run -j8`: the packages come first, alone, then make starts again with the rest.
ifneq ($(filter deps,$(MAKECMDGOALS)),)
REST := $(filter-out deps,$(MAKECMDGOALS))
.PHONY: deps rest $(REST)
$(REST): rest ; @:
rest: deps
	$(if $(REST),@$(MAKE) --no-print-directory $(REST),@:)
deps:
	@missing=; for p in $(DEBIAN_PACKAGES); do \
		dpkg-query -W -f='$${Status}\n' $$p 2>/dev/null | grep -q 'ok installed' || \
		missing="$$missing $$p"; done; \
	[ -z "$$missing" ] && exit 0; echo "Installing:$$missing"; \
	if [ "$$(id -u)" = 0 ]; then sudo=; \
	elif command -v sudo > /dev/null; then sudo=sudo; else \
		echo 'make deps: installing needs root or sudo' >&2; exit 1; fi; \
	$$sudo apt-get update && $$sudo env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y --no-install-recommends $$missing
else

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all iso run run-uefi usb gdb test test-hosted test-long test-machines test-machine \
	bench bench-options bench-check bench-baseline bench-linux compare bench-hosted soak \
	schedules models mutate faults prove deps-prove fuzz fuzz-corpus coverage \
	check-layers clean help FORCE

all: $(BUILD)/quarry.elf		## build the kernel, build/quarry.elf
iso: $(BUILD)/quarry.iso		## build the bootable image, build/quarry.iso

## the kernel

# On unless STACK_PROTECTOR=0. Clang before 16 cannot name the guard; it reads CPU 0's.
STACK_PROTECTOR ?= 1
STACK_PROTECTOR_FLAGS := $(if $(filter-out 0,$(STACK_PROTECTOR)),-fstack-protector-strong \
	$(if $(findstring clang,$(CC)),-mstack-protector-guard=global,-mstack-protector-guard=tls \
	-mstack-protector-guard-reg=gs -mstack-protector-guard-symbol=__stack_chk_guard), \
	-fno-stack-protector)
CFLAGS := -std=gnu17 -ffreestanding -nostdinc -fno-pic -fno-pie -mcmodel=kernel -mno-red-zone \
	-mno-mmx -mno-sse -mno-sse2 -mno-80387 -mgeneral-regs-only -fno-omit-frame-pointer \
	-fno-strict-aliasing -fno-common $(STACK_PROTECTOR_FLAGS) -fno-asynchronous-unwind-tables \
	-O2 -g -Wall -Wextra -Werror -Wmissing-prototypes -Wno-unused-parameter \
	-Iinclude -Iarch/x86_64/include -I. $(EXTRA_CFLAGS) \
	$(if $(filter-out 0,$(DEBUG_LOCKS)),-DQUARRY_DEBUG_LOCKS=1) \
	$(if $(filter-out 0,$(UBSAN)),-DQUARRY_UBSAN=1 -fsanitize=undefined) \
	$(if $(filter-out 0,$(COVERAGE)),-DQUARRY_COVERAGE=1)
# Checks of each touch of memory, by GCC: mm/kasan.c; the offset is that of quarry/config.h.
KASAN_FLAGS := -fsanitize=kernel-address -fasan-shadow-offset=0xdffffe0000000000 \
	--param=asan-instrumentation-with-call-threshold=0 --param=asan-stack=1 \
	--param=asan-globals=1 --param=asan-instrument-allocas=1 \
	-fno-sanitize-address-use-after-scope
# They are not checked themselves: what the checks are made of, and what runs before they can.
KASAN_UNSEEN := $(wildcard mm/kasan*.c arch/x86_64/*.c) mm/debug.c kernel/main.c
ifneq ($(filter-out 0,$(KASAN)),)
CFLAGS += -DQUARRY_KASAN=1 $(KASAN_FLAGS)
endif
ifneq ($(findstring clang,$(CC)),)
CFLAGS += --target=x86_64-linux-gnu -Wno-unused-command-line-argument \
	-Wno-gnu-variable-sized-type-not-at-end
endif
LDFLAGS := -nostdlib -static -z max-page-size=0x1000 -z noexecstack --build-id=none \
	--fatal-warnings -T linker.ld

SOURCES := $(sort $(wildcard mm/*.c)) \
	$(filter-out $(if $(filter-out 0,$(UBSAN)),,kernel/ubsan.c) \
	$(if $(filter-out 0,$(COVERAGE)),,kernel/kcov.c), \
	$(sort $(wildcard kernel/*.c))) \
	$(sort $(wildcard arch/x86_64/*.c arch/x86_64/*.S)) $(sort $(wildcard tests/test_*.c)) \
	$(sort $(wildcard tests/bench/*.c))
ifeq ($(filter-out 0,$(KASAN)),)
SOURCES := $(filter-out mm/kasan%.c arch/x86_64/kasan.c,$(SOURCES))
endif
OBJECTS := $(SOURCES:%=$(BUILD)/%.o)

# EXTRA='folder...': their C files become part of the image, as modules (docs/extra has examples).
# What the compiler thinks of them is said, and stops nothing.
EXTRA_SOURCES := $(foreach folder,$(EXTRA),$(sort $(wildcard $(folder)/*.c)))
EXTRA_OBJECTS := $(patsubst %.c,$(BUILD)/extra/%.o,$(notdir $(EXTRA_SOURCES)))
vpath %.c $(EXTRA)
ifneq ($(EXTRA),)
$(if $(EXTRA_SOURCES),,$(error EXTRA=$(EXTRA): there is no C file))
$(if $(filter $(words $(sort $(EXTRA_OBJECTS))),$(words $(EXTRA_OBJECTS))),, \
	$(error EXTRA=$(EXTRA): two files have one name))
endif

# Another compiler, other flags or another list of sources: what was built so is stale.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CFLAGS) $(LD) $(LDFLAGS) $(SOURCES)' | cmp -s - $@ || \
		echo '$(CC) $(CFLAGS) $(LD) $(LDFLAGS) $(SOURCES)' > $@
$(BUILD)/extra/list: FORCE
	@mkdir -p $(@D)
	@echo '$(EXTRA_SOURCES)' | cmp -s - $@ || echo '$(EXTRA_SOURCES)' > $@

$(EXTRA_OBJECTS): $(BUILD)/extra/%.o: %.c $(BUILD)/flags $(BUILD)/extra/list
	@echo '  EXTRA  $<'
	@$(CC) $(filter-out -Werror -Wextra -Wmissing-prototypes,$(CFLAGS)) -Wno-unused \
		$(patsubst %,-Wno-error=%,incompatible-pointer-types int-conversion \
		implicit-function-declaration) $(EXTRA:%=-I%) -Iinclude/extra \
		-D__KERNEL__ -DMODULE -DKBUILD_MODNAME='"$(subst -,_,$*)"' -MMD -MP -c -o $@ $<

$(BUILD)/%.o: % $(BUILD)/flags
	@mkdir -p $(@D)
	@echo '  CC  $<'
	@$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/kernel/ubsan.c.o: private CFLAGS += -fno-sanitize=undefined
$(KASAN_UNSEEN:%=$(BUILD)/%.o): private CFLAGS := $(filter-out $(KASAN_FLAGS),$(CFLAGS))

ifneq ($(filter-out 0,$(COVERAGE)),)
$(filter-out %/kcov.c.o,$(filter $(addprefix $(BUILD)/,mm/% kernel/% arch/%),$(OBJECTS))): \
	private CFLAGS += -fsanitize-coverage=trace-pc -fno-optimize-sibling-calls
endif

# Linked twice: the table of symbols is made from the first link, and lies behind all code.
$(BUILD)/symbols1.S: kernel/symbols.py $(BUILD)/flags
	@$(PYTHON) $< < /dev/null > $@
$(BUILD)/symbols2.S: kernel/symbols.py $(BUILD)/pass1.elf
	@$(NM) -n $(BUILD)/pass1.elf | $(PYTHON) $< > $@
$(BUILD)/symbols%.o: $(BUILD)/symbols%.S $(BUILD)/flags
	@$(CC) $(CFLAGS) -c -o $@ $<
$(BUILD)/pass1.elf: $(OBJECTS) $(EXTRA_OBJECTS) $(BUILD)/extra/list $(BUILD)/symbols1.o linker.ld
	@$(LD) $(LDFLAGS) -o $@ $(filter %.o,$^)
$(BUILD)/quarry.elf: $(OBJECTS) $(EXTRA_OBJECTS) $(BUILD)/symbols2.o linker.ld
	@echo '  LD  $@'
	@$(LD) $(LDFLAGS) -o $@ $(filter %.o,$^)

$(BUILD)/quarry.iso: $(BUILD)/quarry.elf iso/boot/grub/grub.cfg iso/mkiso
	@echo '  ISO $@'
	@iso/mkiso $@ $<

-include $(OBJECTS:.o=.d) $(EXTRA_OBJECTS:.o=.d)

## in an emulator, and on a stick

QEMU ?= qemu-system-x86_64
MACHINE ?= q35,max-ram-below-4g=512M
MEM ?= 1G
CPU ?= max
ARGS ?=
OVMF ?= /usr/share/ovmf/OVMF.fd
QEMU_ARGS = -machine $(MACHINE) -m $(MEM) -cpu $(CPU) -display none -no-reboot \
	-device isa-debug-exit,iobase=0xf4,iosize=0x04 $(QEMU_EXTRA)

# ARGS as it was typed: neither make nor the shell may read anything into its $ and quotes.
RUN_ARGS := $(value ARGS)
# It makes an image of its own, so that build/quarry.iso stays what everybody else boots.
RUN_ISO = $(if $(value ARGS),$(BUILD)/run.iso,$(BUILD)/quarry.iso)
define boot_iso
	$(if $(value ARGS),@printf '%s\n' "$$RUN_ARGS" | sed "s/'/'\\\\''/g; s/.*/set args='&'/" \
		> $(BUILD)/local.cfg; \
		iso/mkiso $(RUN_ISO) $(BUILD)/quarry.elf $(BUILD)/local.cfg)
	@$(QEMU) $(QEMU_ARGS) $(1) -serial stdio -cdrom $(RUN_ISO); case $$? in \
	33) ;; \
	35) echo 'Quarry: self-tests failed.' >&2; exit 1;; \
	*)  echo 'Quarry: the emulator ended without a verdict.' >&2; exit 1;; esac
endef

run: $(BUILD)/quarry.iso	## boot it in QEMU, serial on this terminal; ARGS='test=buddy.*'
	$(call boot_iso)
run-uefi: $(BUILD)/quarry.iso		## the same through UEFI firmware
	$(call boot_iso,-bios $(OVMF))
usb: $(BUILD)/quarry.iso	## write the image to a USB stick, erasing it: DEV=/dev/sdX
	@iso/usb $< '$(DEV)'
gdb: $(BUILD)/quarry.elf		## the kernel under gdb, stopped at its start
	@setsid $(QEMU) $(QEMU_ARGS) -serial file:$(BUILD)/gdb.log -kernel $< \
		-append "$$RUN_ARGS" -S -gdb tcp:127.0.0.1:1234 & \
	pid=$$!; trap 'kill $$pid 2>/dev/null' EXIT; \
	gdb -q $< -ex 'target remote 127.0.0.1:1234' -ex 'echo Serial: $(BUILD)/gdb.log\n'

## tests

-include arch/hosted/hosted.mk

PROVE := prove --norc --exec tests/run
HOSTED_RUNS := hosted hosted-tsan hosted-replay hosted-faults \
	$(sort $(wildcard tests/hosted/*.hosted))
MACHINES := $(sort $(wildcard tests/machines/*.machine))
# The same kernel built in other ways, for machines that name one as their `variant`.
VARIANTS := $(BUILD)/debug-locks/quarry.elf $(BUILD)/ubsan/quarry.elf $(BUILD)/example/quarry.elf \
	$(BUILD)/kasan/quarry.elf
export BUILD CC PYTHON QEMU OVMF HOSTED_BINARY RUN_ARGS

$(BUILD)/debug-locks/quarry.elf: FORCE
	@$(MAKE) --no-print-directory BUILD=$(@D) DEBUG_LOCKS=1 $@
$(BUILD)/ubsan/quarry.elf: FORCE
	@$(MAKE) --no-print-directory BUILD=$(@D) UBSAN=1 $@
$(BUILD)/kasan/quarry.elf: FORCE
	@$(MAKE) --no-print-directory BUILD=$(@D) KASAN=1 \
		$(if $(findstring clang,$(CC)),CC=$(CROSS_COMPILE)gcc) $@
$(BUILD)/example/quarry.elf: FORCE
	@$(MAKE) --no-print-directory BUILD=$(@D) EXTRA='docs/extra docs/api' $@

test: $(BUILD)/quarry.iso $(VARIANTS) $(HOSTED_BINARY) $(HOSTED_TSAN)	## all that takes minutes
	@$(PROVE) -j2 building check-api check-docs check-layers check-layers-itself runner-itself \
		bench-check-itself bench-check schedules models-explored mutations-fit fuzz \
		$(HOSTED_RUNS) $(MACHINES)
test-hosted: $(HOSTED_BINARY) $(HOSTED_TSAN)	## mm/ in a Linux process, under sanitizers
	@$(PROVE) -j2 $(HOSTED_RUNS)
test-long: $(BUILD)/quarry.elf $(HOSTED_BINARY) $(HOSTED_TSAN)	## minutes of pages
	@$(HOSTED_BINARY) 'test=page_contexts.*' scale=640 timeout=7200
	@$(HOSTED_BINARY) cpus=8 'test=slab_storm.*' scale=2500 timeout=7200
	@$(HOSTED_BINARY) 'test=slab_model.*,slab_bulk.*' scale=200 timeout=7200
	@$(HOSTED_BINARY) 'test=page_model.*' scale=500 timeout=7200
	@$(HOSTED_TSAN) 'test=page_model.*' scale=500 timeout=7200
	@$(PROVE) --timer $(sort $(wildcard tests/long/*.hosted tests/long/*.machine))
test-machines: $(BUILD)/quarry.iso $(VARIANTS)	## all machines of tests/machines
	@$(PROVE) -j2 $(MACHINES)
test-machine: $(BUILD)/quarry.iso $(VARIANTS)	## one of them, its TAP on this terminal: M=name
	@tests/machines/run $(M:%=tests/machines/%.machine)
$(BUILD)/linux-boot.trace: tests/bench/traces/linux-boot.txt.zst
	@zstd -dcq $< > $@
test test-hosted bench bench-check bench-baseline: $(BUILD)/linux-boot.trace
bench: $(BUILD)/quarry.elf	## instructions per operation; ROWS=GLOB[,GLOB…] OPTIONS='WORD…'
	@tests/bench/measure quarry '$(or $(ROWS),*)' '$(OPTIONS)'
bench-options: $(BUILD)/quarry.elf $(VARIANTS)	## what options that check cost; OPTIONS='WORD…'
	@tests/bench/options $(if $(OPTIONS),'$(OPTIONS)')
bench-check: $(BUILD)/quarry.elf	## is any row worse than before?
	@$(PROVE) bench-check
bench-baseline: $(BUILD)/quarry.elf	## today is the baseline
	@tests/bench/check tests/bench/baseline.tsv --update
bench-linux:				## the same work in Debian's Linux 6.12; ROWS=GLOB
	@tests/bench/linux/run $(if $(ROWS),'$(ROWS)')
compare: bench				## both, side by side, and the picture build/compare.svg
	@tests/bench/linux/run > $(BUILD)/bench-linux.out || { cp tests/bench/linux.tsv \
		$(BUILD)/bench-linux.tsv; echo 'compare: Linux as it was measured once'; } >&2
	@tests/bench/compare $(BUILD)/bench.tsv $(BUILD)/bench-linux.tsv $(BUILD)/compare.svg
bench-hosted:				## real time beside glibc, jemalloc and mimalloc
	@$(MAKE) --no-print-directory HOSTED_SANITIZE= HOSTED_OPT=-O2 \
		HOSTED_BUILD=$(BUILD)/hosted-bench $(BUILD)/hosted-bench/quarry
	@$(HOSTED_CC) -O2 -fno-builtin -Wall -Wextra -Wno-unused-parameter -DBENCH_MALLOC -pthread \
		-o $(BUILD)/bench-malloc tests/bench/realtime.c
	@tests/bench/hosted $(BUILD)/hosted-bench/quarry $(BUILD)/bench-malloc
soak: $(BUILD)/quarry.elf	## everything at once, 8 CPUs, 2 nodes, for H=hours (2)
	@tests/soak $(or $(H),2)
$(BUILD)/still.so: tests/still.c
	@$(HOSTED_CC) -O2 -Wall -Wextra -Werror -shared -fPIC -o $@ $<
test schedules: $(BUILD)/still.so
schedules: $(BUILD)/quarry.elf	## the concurrency suites under N=schedules (100); or again: SEED=n
	@tests/schedules $(if $(SEED),--seed $(SEED) $(N),$(or $(N),100))
models:				## interleavings of small models, all of them; or M=name
	@tests/models/run $(M)
prove:			## the arithmetic, for all values, by frama-c (deps-prove)
	@tests/proofs/prove
deps-prove:			## install what `prove` needs: 220 MB to fetch, 1 GB on disk
	$$(command -v sudo) apt-get install -y --no-install-recommends frama-c-base why3 z3 cvc4
mutate:					## plant bugs one by one, see tests find them: M='reclaim/*'
	@tests/mutate/run $(if $(M),'$(M)')
$(BUILD)/kcov/quarry.iso: FORCE
	@$(MAKE) --no-print-directory BUILD=$(@D) COVERAGE=1 $@
coverage: $(BUILD)/kcov/quarry.iso	## which code the tests run: M='smp-4 numa-4'
	@$(MAKE) --no-print-directory HOSTED_CC=gcc HOSTED_SANITIZE= HOSTED_COVERAGE=1 \
		HOSTED_BUILD=$(BUILD)/coverage $(BUILD)/coverage/quarry
	@tests/coverage $(BUILD)/coverage/quarry $(BUILD)/kcov/quarry.elf $(M)
faults: $(HOSTED_BINARY)	## each single allocation of the tests fails once: T='slab*' TIMES=n
	@TIMES='$(TIMES)' tests/faults $(HOSTED_BINARY) $(if $(T),'$(T)')
test: $(FUZZER)
S ?= 60
fuzz: $(FUZZER)				## libFuzzer: T=name (all without), S=seconds each (60)
	@tests/fuzz/run fuzz '$(S)' $(T)
fuzz-corpus: $(FUZZER)		## what `make fuzz` found that is new, for tests/fuzz/corpus: T=name
	@tests/fuzz/run merge $(T)
check-layers: $(OBJECTS)		## who includes and calls whom, sizes of functions and files
	@tests/check-layers

clean:					## delete the build directory
	rm -rf $(BUILD)
help:					## this list
	@echo 'deps           install the Debian packages that the other targets need'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1 \2/p' Makefile | while read -r t h; do \
		printf '%-14s %s\n' "$$t" "$$h"; done
	@echo; sed -n '/^# For all builds/,/^$$/s/^# //p' Makefile

endif
