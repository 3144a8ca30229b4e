# The host tests: which exist, and the product sources each is linked with. Read by the Makefile.
#
#   HOST_TESTS        names; NAME is built from tests/host/NAME.c, NAME_SRC and HOST_COMMON_SRC
#   HOST_CPPFLAGS...  how all of it is compiled (not as the kernel: natively, with sanitizers)
#
#   HOST_BUILDS       the ways it is compiled, each with flags of its own (host64_CFLAGS and so on)
#   host64_WITHOUT    tests that are not built in this way
#
# For 64 bits everything has all sanitizers, leaks included. For 32 bits the same where the host runs
# such programs. Where it does not, QEMU runs them, slowly, and ASan's shadow leaves no room at
# KERNEL_BASE: there only the tests that need 32-bit addresses are made, and with UBSan alone.
# docs/testing.md says what that loses.
#
# For 32 bits cmocka is Debian's i386 package, unpacked by tools/fetch-i386.

HOST_CPPFLAGS := -I. -Iinclude -DFAULTLINE_HOST -DFAULTLINE_DEBUG
HOST_CFLAGS := -std=gnu11 -g -O1 -fno-omit-frame-pointer -fno-strict-aliasing -Wall -Wextra
host_sanitizers := -fsanitize=address,undefined -fno-sanitize-recover=undefined
HOST_BUILDS := host64 host32 host32-emulated

host64_CFLAGS := $(host_sanitizers)
host64_LDFLAGS := $(host_sanitizers)
host64_LDLIBS := -lcmocka

HOST_I386 := build/i386-root
host32_CPPFLAGS := -isystem $(HOST_I386)/usr/include
host32_CFLAGS := -m32 $(host_sanitizers)
host32_LDFLAGS := -m32 $(host_sanitizers)
host32_LDLIBS := $(HOST_I386)/usr/lib/i386-linux-gnu/libcmocka.so.0 \
	-Wl,-rpath,$(abspath $(HOST_I386)/usr/lib/i386-linux-gnu)

host32-emulated_CPPFLAGS := $(host32_CPPFLAGS)
host32-emulated_CFLAGS := $(filter-out -fsanitize=%,$(host32_CFLAGS)) -fsanitize=undefined
host32-emulated_LDFLAGS := -m32 -fsanitize=undefined
host32-emulated_LDLIBS := $(host32_LDLIBS)
host32-emulated_SUFFIX := .elf

# Tests of what is i386 alone. Emulated, the others are made for 64 bits only.
host_needs_32 = $(mm_names) test_ubsan
host64_WITHOUT = $(host_needs_32)
host32-emulated_WITHOUT = $(filter-out $(host_needs_32),$(HOST_TESTS))

HOST_COMMON_SRC := tests/host/support.c lib/format.c lib/string.c

HOST_TESTS += test_format
test_format_SRC :=

HOST_TESTS += test_string
test_string_SRC :=

HOST_TESTS += test_wait_queue
test_wait_queue_SRC := sync/lock.c sync/timer.c sync/wait_queue.c

HOST_TESTS += test_timer
test_timer_SRC := sync/lock.c sync/timer.c sync/wait_queue.c

HOST_TESTS += test_clock
test_clock_SRC := dev/clock.c dev/time_value.c kernel/proc/loadavg.c sync/lock.c

HOST_TESTS += test_rtc
test_rtc_CPPFLAGS := -Itests/host/fake_ports
test_rtc_SRC := dev/rtc.c

HOST_TESTS += test_lock
test_lock_SRC := sync/lock.c sync/timer.c sync/wait_queue.c

HOST_TESTS += test_boot_info
test_boot_info_SRC := boot/boot_info.c

HOST_TESTS += test_elf32
test_elf32_SRC := loader/elf32.c

HOST_TESTS += test_image
test_image_SRC := loader/elf32.c loader/image.c loader/stack.c tests/host/fake_kheap.c \
	tests/host/fake_source.c

HOST_TESTS += test_cmdline
test_cmdline_SRC := kernel/cmdline.c

HOST_TESTS += test_tty
test_tty_SRC := dev/keyboard.c tty/ldisc.c

HOST_TESTS += test_log
test_log_SRC := $(wildcard kernel/log/*.c) sync/lock.c

HOST_TESTS += test_host_streams
test_host_streams_SRC := fs/poll.c $(wildcard tty/host_*.c) tty/console.c tty/job.c tty/report.c tty/requests.c \
	sync/timer.c sync/wait_queue.c sync/lock.c

# The memory tests run on the real pmap of arch/ over a model of the CPU (mm_support.h), which has its
# own panic(). The kernel's sections, which pmap_bootstrap maps page by page, lie where they would.
mm_names := $(basename $(notdir $(foreach name,frame kheap pmap radix vm_,\
	$(wildcard tests/host/test_$(name)*.c))))
mm_src := tests/host/mm_support.c sync/lock.c $(wildcard arch/pmap/*.c) $(shell find mm -name "*.c")
mm_sections := text_start=0xC0100000 text_end=0xC0110000 rodata_start=0xC0110000 \
	rodata_end=0xC0118000 boot_stack_guard=0xC0120000 kernel_end=0xC0130000
define mm_test
HOST_TESTS += $(1)
$(1)_CPPFLAGS := -Itests/host/fake
$(1)_SRC := $$(mm_src)
$(1)_COMMON := lib/format.c lib/string.c
$(1)_LDFLAGS := -no-pie $$(mm_sections:%=-Wl,--defsym=%)
$(1)_CFLAGS := $(if $(filter %_release,$(1)),-UFAULTLINE_DEBUG)
endef
$(foreach name,$(mm_names),$(eval $(call mm_test,$(name))))

fs_test_src := $(wildcard fs/*.c fs/tree/*.c fs/initrd/*.c fs/devfs/*.c fs/ramfs/*.c) sync/timer.c sync/wait_queue.c sync/lock.c \
	tests/host/fake_kheap.c tests/host/fake_objects.c tests/host/fake_source.c

HOST_TESTS += test_ustar
test_ustar_SRC := $(fs_test_src)

HOST_TESTS += test_fd
test_fd_SRC := $(fs_test_src)

HOST_TESTS += test_vfs
test_vfs_SRC := $(fs_test_src)

# Calls of the handlers as the kernel's compiler makes them, not those that end the program.
HOST_TESTS += test_ubsan
test_ubsan_CFLAGS := -fsanitize-recover=undefined -fno-builtin
test_ubsan_SRC := lib/ubsan.c

# The allocators, over pages that are counted and can be refused.
alloc_test_src := tests/host/fake_os_pages.c user/alloc/chain.c user/alloc/simple.c \
	user/alloc/grain_chain.c user/alloc/elastic.c user/alloc/mems.c

HOST_TESTS += test_alloc_chain
test_alloc_chain_SRC := tests/host/fake_os_pages.c user/alloc/chain.c

HOST_TESTS += test_alloc_contract
test_alloc_contract_SRC := $(alloc_test_src)

# malloc under names of its own, so that the host's stays.
malloc_src := $(wildcard user/alloc/malloc/*.c)
malloc_renamed := $(foreach name,malloc calloc realloc free aligned_alloc posix_memalign \
	malloc_usable_size,-D$(name)=ours_$(name))

HOST_TESTS += test_alloc_conformance
test_alloc_conformance_CPPFLAGS := $(malloc_renamed)
test_alloc_conformance_CFLAGS := -fno-builtin
test_alloc_conformance_SRC := $(alloc_test_src) $(malloc_src) tests/host/alloc_ops.c

# Here abort and write are the test's too.
define malloc_test
HOST_TESTS += $(1)
$(1)_CPPFLAGS := $(malloc_renamed) -Dabort=ours_abort -Dwrite=ours_write
$(1)_CFLAGS := -fno-builtin $(if $(filter %_release,$(1)),-UFAULTLINE_DEBUG)
$(1)_SRC := $(malloc_src)
$(1)_COMMON := lib/string.c
endef
$(foreach name,test_malloc test_malloc_release,$(eval $(call malloc_test,$(name))))
