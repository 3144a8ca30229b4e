# Faultline's one Makefile. `make help` lists what it can do.
#
# All output goes to build/<variant>/, where the variant is release, debug (DEBUG=1), clang-release
# or clang-debug (CC=clang). Sources are found by folder, so a new file needs no line here. The
# compilers write the dependencies on headers (-MMD), and a stamp file keeps the flags, so that a
# change of flags rebuilds what it must.
#
#   V=1       show the commands          WERROR=1  warnings are errors (CI and lint use it)
#   DEBUG=1   UBSan, poison, checks      CC=clang  the other compiler
#   LATENCY=1 the release kernel, which measures how long interrupts are off (build/latency)

ifeq ($(origin CC),default)
CC := gcc
endif
LD := ld
NASM := nasm
HOSTCC := gcc
V ?= 0
DEBUG ?= 0
LATENCY ?= 0
WERROR ?= 0

MAKEFLAGS += --no-builtin-rules --no-print-directory
ifeq (0,$(MAKELEVEL))
MAKEFLAGS += -j$(shell nproc)
endif
.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:
Q := $(if $(filter 1,$(V)),,@)

is_clang := $(findstring clang,$(CC))
is_debug := $(filter-out 0,$(DEBUG))
is_latency := $(filter-out 0,$(LATENCY))
variant := $(if $(is_clang),clang-)$(if $(is_debug),debug,$(if $(is_latency),latency,release))
B := build/$(variant)

.DEFAULT_GOAL := all

# ---- Kernel ---------------------------------------------------------------------------------------

kernel_dirs := boot arch dev kernel mm loader fs tty sync lib
kernel_c := $(sort $(shell find $(kernel_dirs) -name '*.c'))
kernel_asm := $(sort $(shell find $(kernel_dirs) -name '*.asm'))
kernel_obj := $(kernel_c:%.c=$B/kernel/%.o) $(kernel_asm:%.asm=$B/kernel/%.asm.o)

warnings := -Wall -Wextra -Wpedantic -Wshadow -Wundef -Wcast-qual -Wpointer-arith -Wwrite-strings \
	-Wmissing-prototypes -Wstrict-prototypes -Wvla -Wconversion -Wsign-conversion -Wformat=2 \
	$(if $(is_clang),,-Wlogical-op -Wduplicated-cond) $(if $(filter 1,$(WERROR)),-Werror)

kernel_cflags := -std=gnu11 -m32 -march=i686 -mtune=generic -mregparm=3 -freg-struct-return -O2 -g \
	-ffreestanding -fno-pie -fno-pic -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fno-strict-aliasing -fomit-frame-pointer -fno-common -mno-sse -mno-sse2 -mno-mmx \
	$(if $(is_clang),-mno-x87 -mstack-alignment=4,-mno-80387 -mpreferred-stack-boundary=2) \
	-msoft-float -I. -Iinclude \
	$(if $(is_debug),-DFAULTLINE_DEBUG -fsanitize=undefined) \
	$(if $(is_debug)$(is_latency),-DFAULTLINE_LATENCY) \
	$(warnings) -Wframe-larger-than=$(if $(is_debug),2048,1024)

# Without it gcc would turn the loops of memcpy and memset into calls to themselves.
no_idiom_flag := $(if $(is_clang),-fno-builtin,-fno-tree-loop-distribute-patterns)

# ---- User side: libc, programs, sysroot -----------------------------------------------------------

sysroot := $B/sysroot
compiler_include := $(shell $(CC) -m32 -print-file-name=include 2>/dev/null)
libgcc := $(shell $(HOSTCC) -m32 -print-libgcc-file-name 2>/dev/null)

libc_c := $(wildcard user/libc/*.c user/libc/*/*.c user/alloc/*.c user/alloc/malloc/*.c lib/*.c)
libc_asm := $(filter-out user/libc/crt0.asm,$(wildcard user/libc/*.asm user/libc/*/*.asm))
libc_c := $(filter-out user/libc/crt0.c,$(libc_c))
libc_obj := $(libc_c:%.c=$B/user/%.o) $(libc_asm:%.asm=$B/user/%.asm.o)
crt0_src := $(wildcard user/libc/crt0.c user/libc/crt0.asm)
crt0 := $(sysroot)/lib/crt0.o
libc := $(sysroot)/lib/libc.a

user_headers := $(patsubst user/libc/include/%,$(sysroot)/include/%,\
	$(shell find user/libc/include -name '*.h' 2>/dev/null)) \
	$(patsubst user/alloc/include/%,$(sysroot)/include/%,$(wildcard user/alloc/include/*.h)) \
	$(patsubst include/%,$(sysroot)/include/%,$(wildcard include/abi/*))
# What the libc takes from musl, which tools/fetch-i386 unpacks.
musl_list := user/libc/musl.list
i386_root := build/i386-root
libmusl := $(sysroot)/lib/libmusl.a
musl_headers := $(sysroot)/.musl-headers
# Linux's own headers that programs may use; the list is the libc's.
uapi_list := $(wildcard user/libc/uapi.list)
uapi_stamp := $(if $(uapi_list),$(sysroot)/.uapi)

user_cflags := -std=gnu11 -m32 -march=i686 -mtune=generic -O2 -g -fno-pie -fno-pic -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fno-common -nostdinc -isystem $(sysroot)/include \
	-isystem $(compiler_include) $(warnings)
libc_cflags := $(user_cflags) -ffreestanding -I. -Iinclude
# The allocators use the same BSD headers for lists and trees as the kernel, but no other host
# headers.
$B/user/user/alloc/%.o $(patsubst %,tidy-%,$(wildcard user/alloc/*.c user/alloc/malloc/*.c)): \
	libc_cflags += -idirafter /usr/include
# The allocators for programs with musl as their libc (./faultline cc --libc musl). Ours in front of
# the host's: headers that musl lacks, Linux's among them.
musl_include := $(i386_root)/usr/include/i386-linux-musl
alloc_musl := $(sysroot)/lib/liballoc-musl.a
alloc_musl_c := $(wildcard user/alloc/*.c) user/libc/vm.c user/libc/syscall.c user/libc/faultline.c
alloc_musl_cflags := $(patsubst $(sysroot)/include,$(musl_include),$(libc_cflags)) \
	-D_GNU_SOURCE -idirafter $(sysroot)/include -idirafter /usr/include
# Guards behind malloc's blocks.
$B/user/user/alloc/malloc/malloc.o: libc_cflags += $(if $(is_debug),-DFAULTLINE_DEBUG)
# Tests truncate strings on purpose.
test_cflags := $(if $(is_clang),,-Wno-format-truncation -Wno-stringop-truncation)
user_ldflags := -m32 -nostdlib -static -Wl,--build-id=none -Wl,-z,noexecstack
user_libs := $(crt0) $(libc) $(libmusl) $(libgcc)
user_link := -Wl,--start-group $(libc) $(libmusl) -Wl,--end-group $(libgcc)

programs := $(sort $(patsubst user/bin/%.c,$B/bin/%,$(wildcard user/bin/*.c)) \
	$(patsubst user/bin/%.asm,$B/bin/%,$(wildcard user/bin/*.asm)))
plain_programs := $(patsubst user/bin/plain/%.c,$B/bin/%,$(wildcard user/bin/plain/*.c))
guest_tests := $(sort $(patsubst tests/guest/%.c,$B/tests/%,$(wildcard tests/guest/*.c)) \
	$(patsubst tests/guest/%.asm,$B/tests/%,$(wildcard tests/guest/*.asm)))
guest_root := $(shell find tests/guest/root -type f)
extra_files := $(shell find user/files -type f 2>/dev/null)

# ---- Host tests -----------------------------------------------------------------------------------

# tests/host/tests.mk lists the tests and what each is linked with. Each test has its own objects,
# because it may be compiled against fakes that others do not use (NAME_CPPFLAGS). A host build is
# one way to compile them: for 64 bits (host64), and for 32 bits as the host can run that
# (tools/host32).
HOST_TESTS :=
-include tests/host/tests.mk
host_test_files = $(foreach test,$(filter-out $($(1)_WITHOUT),$(HOST_TESTS)),build/$(1)/$(test))
host_unlisted := $(filter-out $(HOST_TESTS),$(patsubst tests/host/%.c,%,$(wildcard tests/host/test_*.c)))

# ---- Targets for people ---------------------------------------------------------------------------

.PHONY: all kernel user sysroot initrd iso tests guest-tests FORCE
all: kernel initrd sysroot ## build kernel, programs and initrd (the default)
kernel: $B/faultline.elf
user: $(programs) $(plain_programs)
sysroot: $(user_headers) $(uapi_stamp) $(if $(crt0_src),$(crt0)) $(libc) $(libmusl) $(alloc_musl) $(sysroot)/lib/libm.a
initrd: $B/initrd.tar
iso: $B/faultline.iso ## build the bootable CD image, build/release/faultline.iso
guest-tests: kernel $B/initrd-tests.tar

# The files to format and to lint; bench/ holds other people's programs, unmodified.
all_c = $(shell find $(kernel_dirs) include user tests -name '*.[ch]')
tidy_kernel = $(addprefix tidy-,$(kernel_c))
tidy_user = $(addprefix tidy-,$(filter user/%,$(libc_c)) $(wildcard user/bin/*.c))

.PHONY: run gdb test test-host test-guest host-tests host-tests-64 host-tests-32-native \
	host-tests-32-emulated long list-host-tests-native list-host-tests-emulated bench oracle lint lint-format lint-cppcheck lint-clang $(tidy_kernel) $(tidy_user) format layers doctor help \
	clean map
# A target below that needs tools first runs tools/setup, which installs missing ones with apt and
# says so.
submake := +@$(MAKE)

run: ## install what is missing, build, boot the CD image in QEMU on this terminal
	@tools/setup run
	$(submake) iso
	@echo 'Booting Faultline on this terminal. To leave: Ctrl-A, then X (or power off at the prompt).'
	@exec qemu-system-i386 $(qemu_machine) $(qemu_headless) -serial mon:stdio -boot d \
		-cdrom $B/faultline.iso

QEMU_CPU ?= max
QEMU_MEM ?= 128M
qemu_machine := -machine pc -accel tcg -cpu $(QEMU_CPU) -m $(QEMU_MEM) -nic none -no-reboot
qemu_headless := -display none

gdb: ## start QEMU stopped and gdb on it, with pt, vm-map and frames
	@tools/setup gdb
	$(submake) kernel initrd
	@tools/gdb/start $B

test: ## install what is missing, build every variant, run every test
	@tools/test all
test-host: ## the tests that run natively, under sanitizers
	@tools/test host
test-guest: ## the tests that run inside the kernel
	@tools/test guest

long: ## the tests that take longer than continuous integration allows
	@tools/test long

bench: ## instructions per operation, and the wall time of a run
	@tools/setup run
	$(submake) all
	@tools/bench $B

# The programs that tests/oracle.t compares with Linux's golden answers.
oracle_programs := $(sort $(wildcard tests/guest/t_libc_*.c)) tests/guest/linux_calls.c
oracle: ## run programs on Linux in QEMU and write their answers to tests/oracle/
	@tools/setup test
	$(submake) guest-tests
	@tools/oracle tests/oracle $(oracle_programs:tests/guest/%.c=$B/tests/%)

lint: ## formatting, layers, cppcheck and clang-tidy
	@tools/setup test
	$(submake) layers lint-format lint-cppcheck
	$(submake) CC=clang sysroot
	$(submake) CC=clang lint-clang
lint-format:
	@clang-format --dry-run --Werror $(all_c)
lint-cppcheck:
	@cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 --platform=unix32 \
		--enable=warning,performance,portability --suppressions-list=tools/cppcheck.txt \
		--include=tools/cppcheck.h -I. -Iinclude $(kernel_dirs)
# One clang-tidy per file, so that make runs them in parallel. Needs CC=clang, because of the flags.
lint-clang: $(tidy_kernel) $(tidy_user)
$(tidy_kernel): tidy-%: %
	@clang-tidy --quiet $< -- $(kernel_cflags) 2>/dev/null
$(tidy_user): tidy-%: %
	@clang-tidy --quiet $< -- $(libc_cflags) 2>/dev/null
format: ## format all C files in place
	@clang-format -i $(all_c)
layers: ## check that includes point only where docs/architecture.md allows
	@tools/check-layers
doctor: ## check tools and versions, say what the CPU models lack
	@tools/doctor
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile
	@echo '  also: make DEBUG=1, CC=clang, V=1, WERROR=1; ./faultline help'
clean: ## remove everything that was built
	rm -rf build
map: $B/faultline.elf $B/faultline.dis ## write the linker map and the disassembly

# ---- Rules: kernel --------------------------------------------------------------------------------

# A stamp is rewritten only when its text changes, so what depends on it is rebuilt only then.
define stamp_rule
$(if $(3),$(3),$B)/.$(1)-flags: FORCE
	@mkdir -p $$(@D)
	@printf '%s\n' '$(2)' | cmp -s - $$@ || printf '%s\n' '$(2)' > $$@
endef
$(eval $(call stamp_rule,kernel,$(CC) $(kernel_cflags)))
$(eval $(call stamp_rule,user,$(CC) $(user_cflags) $(user_ldflags)))
$(foreach build,$(HOST_BUILDS),$(eval $(call stamp_rule,$(build),$(HOSTCC) $(HOST_CPPFLAGS) \
	$($(build)_CPPFLAGS) $(HOST_CFLAGS) $($(build)_CFLAGS) $(WERROR),build)))
# Lists of inputs, so that a deleted file also disappears from archives and images.
$(eval $(call stamp_rule,kernel-list,$(kernel_obj)))
$(eval $(call stamp_rule,libc-list,$(libc_obj)))
$(eval $(call stamp_rule,initrd-list,$(programs) $(plain_programs) $(extra_files)))
$(eval $(call stamp_rule,tests-list,$(guest_tests)))

$B/obj/tests/guest/%.o $B/obj/tests/typed/%.o: user_cflags += $(test_cflags) -iquote . -Itests/guest/include
$B/kernel/lib/string.o: kernel_cflags += $(no_idiom_flag)
$B/user/lib/string.o $B/user/user/libc/string.o: libc_cflags += $(no_idiom_flag)

$B/kernel/%.o: %.c $B/.kernel-flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(kernel_cflags) -MMD -MP -c $< -o $@

$B/kernel/%.asm.o: %.asm
	@mkdir -p $(@D)
	$(Q)$(NASM) -f elf32 -g -I ./ -MD $(@:.o=.d) -MP -o $@ $<

# The kernel is linked three times: without a symbol table, with one of the right size, and with the
# right addresses in it. The last link is right wherever boot/link.ld puts the table, because its
# size no longer changes.
link = $(LD) -m elf_i386 -nostdlib -z max-page-size=0x1000 -z noexecstack --no-warn-rwx-segments \
	--build-id=none -T boot/link.ld $(kernel_obj)
define symbols_from
	$(Q)tools/mksymbols $(1) > $(2).asm
	$(Q)$(NASM) -f elf32 -o $(2).o $(2).asm
endef

$B/faultline.elf: $(kernel_obj) boot/link.ld tools/mksymbols $B/.kernel-list-flags
	@mkdir -p $B/link
	$(Q)$(link) -o $B/link/pass1.elf
	$(call symbols_from,$B/link/pass1.elf,$B/link/symbols1)
	$(Q)$(link) $B/link/symbols1.o -o $B/link/pass2.elf
	$(call symbols_from,$B/link/pass2.elf,$B/link/symbols2)
	$(Q)$(link) $B/link/symbols2.o -Map=$B/faultline.map -o $@

$B/faultline.dis: $B/faultline.elf
	$(Q)objdump -d -M intel --no-show-raw-insn $< > $@

# ---- Rules: user ----------------------------------------------------------------------------------

$(sysroot)/include/abi/%: include/abi/%
	@mkdir -p $(@D)
	@cp $< $@
$(sysroot)/include/%: user/libc/include/%
	@mkdir -p $(@D)
	@cp $< $@
$(sysroot)/include/%: user/alloc/include/%
	@mkdir -p $(@D)
	@cp $< $@
$(uapi_stamp): $(uapi_list) tools/install-uapi
	@mkdir -p $(@D)
	$(Q)tools/install-uapi $(uapi_list) $(sysroot)/include
	@touch $@

headers_ready := $B/.user-flags | $(user_headers) $(uapi_stamp) $(musl_headers)

# Fetched once. Without it the libc is built all the same, with less in it.
$(i386_root)/.complete: tools/fetch-i386
	@tools/fetch-i386 $(i386_root) && touch -c $@ || echo 'make: building without musl' >&2
$(musl_headers): $(musl_list) tools/install-musl $(i386_root)/.complete
	$(Q)tools/install-musl headers $(musl_list) $(i386_root) $(sysroot)
	@touch $@
$(libmusl): $(musl_list) tools/install-musl $(libc) $(i386_root)/.complete
	$(Q)tools/install-musl members $(musl_list) $(i386_root) $(sysroot) $(libc) $(libgcc)

$(alloc_musl): $(alloc_musl_c) $(wildcard user/alloc/*.h user/alloc/include/*.h lib/*.h) \
		user/libc/syscall.h $(headers_ready)
	@rm -rf $@ $@.parts && mkdir -p $@.parts
	$(Q)test ! -d $(musl_include) || for file in $(alloc_musl_c); do \
		$(CC) $(alloc_musl_cflags) -c $$file -o $@.parts/$$(basename $$file .c).o || exit 1; done
	$(Q)ar rcsD $@ $$(find $@.parts -name '*.o' | sort)
	@rm -r $@.parts

# Programs are often linked with -lm; our libm is part of libc.
$(sysroot)/lib/libm.a:
	@mkdir -p $(@D)
	$(Q)ar rcsD $@


$B/user/%.o: %.c $(headers_ready)
	@mkdir -p $(@D)
	$(Q)$(CC) $(libc_cflags) -MD -MP -c $< -o $@
$B/user/%.asm.o: %.asm
	@mkdir -p $(@D)
	$(Q)$(NASM) -f elf32 -I ./ -MD $(@:.o=.d) -MP -o $@ $<

ifneq ($(crt0_src),)
$(crt0): $B/user/$(if $(filter %.c,$(crt0_src)),user/libc/crt0.o,user/libc/crt0.asm.o)
	@mkdir -p $(@D)
	@cp $< $@
endif
$(libc): $(libc_obj) $B/.libc-list-flags
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)ar rcsD $@ $(libc_obj)

$B/obj/%.o: %.c $(headers_ready)
	@mkdir -p $(@D)
	$(Q)$(CC) $(user_cflags) -MD -MP -c $< -o $@
$B/obj/%.asm.o: %.asm
	@mkdir -p $(@D)
	$(Q)$(NASM) -f elf32 -I ./ -MD $(@:.o=.d) -MP -o $@ $<

# Contract 1's programs are built by exactly this line, whatever the rest of the tree uses.
$B/bin/%: user/bin/plain/%.c
	@mkdir -p $(@D)
	$(Q)gcc -m32 -nostdlib -no-pie $< -o $@
define program_rules
$B/$(1)/%: $B/obj/$(2)/%.o $(user_libs)
	@mkdir -p $$(@D)
	$(Q)$(CC) $(user_ldflags) $$(own_ldflags) $(crt0) $$< $$(shared_obj) $(user_link) -o $$@
# An assembly program defines _start itself and is linked with nothing else.
$B/$(1)/%: $B/obj/$(2)/%.asm.o
	@mkdir -p $$(@D)
	$(Q)$(LD) -m elf_i386 -z noexecstack $$< -o $$@
endef
$(eval $(call program_rules,bin,user/bin))
# It loads programs that are linked at the usual address, so its own lies elsewhere.
$B/bin/smart_loader: own_ldflags = -Wl,-Ttext-segment=0x70000000
$(eval $(call program_rules,tests,tests/guest))
# What guest tests share beside headers: calls made from the types of their arguments.
typed_obj := $(patsubst %.c,$B/obj/%.o,$(wildcard tests/typed/*.c))
$B/tests/matrix $B/tests/random_calls $B/tests/linux_calls: $(typed_obj)
$B/tests/matrix $B/tests/random_calls $B/tests/linux_calls: shared_obj = $(typed_obj)

# ---- Rules: host tests ----------------------------------------------------------------------------

# The way for 32 bits is found out by running a program, so not before it is asked for.
host-tests:
	$(if $(host_unlisted),$(error tests/host/tests.mk does not list $(host_unlisted)))
	+@way=$$(tools/host32) && $(MAKE) host-tests-64 host-tests-32-$$way
host-tests-64: $(call host_test_files,host64)
host-tests-32-native: $(call host_test_files,host32)
host-tests-32-emulated: $(call host_test_files,host32-emulated)
list-host-tests-native: ; @echo $(call host_test_files,host64) $(call host_test_files,host32)
list-host-tests-emulated: ; @echo $(call host_test_files,host64) $(call host_test_files,host32-emulated)

# $(1): the test, $(2): the host build, $(3): where its programs and objects lie.
define host_test_rules
$(1)_$(2)_obj := $(patsubst %.c,$(3)/obj/$(1)/%.o,tests/host/$(1).c $($(1)_SRC) \
	$(if $($(1)_COMMON),$($(1)_COMMON),$(HOST_COMMON_SRC)))
$(3)/obj/$(1)/%.o: %.c build/.$(2)-flags
	@mkdir -p $$(@D)
	$$(Q)$(HOSTCC) $$($(1)_CPPFLAGS) $$(HOST_CPPFLAGS) $$($(2)_CPPFLAGS) $$(HOST_CFLAGS) $$($(2)_CFLAGS) \
		$$(host_werror) $$($(1)_CFLAGS) -MMD -MP -c $$< -o $$@
$(3)/$(1)$($(2)_SUFFIX): $$($(1)_$(2)_obj) tests/host/tests.mk
	$$(Q)$(HOSTCC) $$($(2)_LDFLAGS) $$($(1)_LDFLAGS) $$($(1)_$(2)_obj) $$($(2)_LDLIBS) -o $$@
endef
host_werror := $(if $(filter 1,$(WERROR)),-Werror)
$(foreach build,$(HOST_BUILDS),$(foreach test,$(HOST_TESTS),\
	$(eval $(call host_test_rules,$(test),$(build),build/$(build)))))
# Where the host does not run the program itself, the test is a line that lets QEMU do it.
build/host32-emulated/test_%: build/host32-emulated/test_%.elf
	@printf '#!/bin/sh\nexec qemu-i386 "$$0.elf"\n' > $@
	@chmod +x $@

# ---- Rules: images --------------------------------------------------------------------------------

# The time stamp is fixed, so that two builds of the same sources are identical.
tar := tar --format=ustar --sort=name --mtime=2020-01-01T00:00:00Z --owner=0 --group=0 \
	--numeric-owner

define stage_root
	@rm -rf $(1) && mkdir -p $(1)/bin
	@$(if $(programs)$(plain_programs),cp $(programs) $(plain_programs) $(1)/bin/)
	@$(if $(extra_files),cp -r user/files/. $(1)/)
	@find $(1) -type f -path '$(1)/bin/*' -exec objcopy --strip-debug {} \;
endef

$B/initrd.tar: $(programs) $(plain_programs) $(extra_files) $B/.initrd-list-flags
	$(call stage_root,$B/root)
	$(Q)$(tar) -C $B/root -cf $@ .

$B/initrd-tests.tar: $B/initrd.tar $(guest_tests) tests/guest/make-elf-files $(guest_root) $B/.tests-list-flags
	$(call stage_root,$B/root-tests)
	$(Q)tests/guest/make-elf-files $B/root-tests/elf
	@cp -r tests/guest/root/. $B/root-tests/
	@mkdir -p $B/root-tests/tests
	@$(if $(guest_tests),cp $(guest_tests) $B/root-tests/tests/)
	@ln -s ../bin/hello $B/root-tests/tests/link
	@$(if $(guest_tests),find $B/root-tests/tests -type f -exec objcopy --strip-debug {} \;)
	$(Q)$(tar) -C $B/root-tests -cf $@ .

$B/faultline.iso: $B/faultline.elf $B/initrd.tar iso/grub.cfg
	@rm -rf $B/iso && mkdir -p $B/iso/boot/grub
	@cp iso/grub.cfg $B/iso/boot/grub/
	@cp $B/initrd.tar $B/iso/boot/
	$(Q)objcopy --strip-debug $B/faultline.elf $B/iso/boot/faultline.elf
	$(Q)grub-mkrescue -o $@ $B/iso > $B/iso.log 2>&1 || { cat $B/iso.log >&2; exit 1; }

-include $(shell find $B $(HOST_BUILDS:%=build/%) -name '*.d' 2>/dev/null)
