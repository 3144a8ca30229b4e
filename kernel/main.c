/*
 * kernel_main: from the jump in boot/entry.asm to the first process.
 *
 * The order matters in a few places. The command line names the console, so it is parsed before the
 * first line is printed. The IDT is loaded before memory outside the boot mapping is touched for the
 * first time. Interrupts stay off until the first process returns to ring 3 or the scheduler idles.
 *
 * No other code reads the command line; everybody else gets values of it from here.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <stddef.h>

#include "arch/cpu.h"
#include "arch/pmap.h"
#include "arch/trap.h"
#include "boot/boot_info.h"
#include "dev/clock.h"
#include "dev/irq.h"
#include "dev/pic.h"
#include "dev/pit.h"
#include "dev/power.h"
#include "dev/random.h"
#include "dev/rtc.h"
#include "dev/time_value.h"
#include "fs/devfs/devfs.h"
#include "fs/file.h"
#include "fs/ramfs/ramfs.h"
#include "fs/tree/file_system.h"
#include "fs/tree/inode.h"
#include "fs/tree/setup.h"
#include "kernel/cmdline.h"
#include "kernel/log/printk.h"
#include "kernel/log/sink.h"
#include "kernel/memory.h"
#include "kernel/proc/foreground.h"
#include "kernel/proc/pid.h"
#include "kernel/proc/process.h"
#include "kernel/proc/sched.h"
#include "kernel/sys/syscall.h"
#include "kernel/trap/page_fault.h"
#include "kernel/user/cut.h"
#include "kernel/user/exec.h"
#include "lib/addr.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "loader/image.h"
#include "mm/commit_charge.h"
#include "mm/phys/frame.h"
#include "mm/phys/kheap.h"
#include "sync/timer.h"
#include "tty/console.h"
#include "tty/job.h"

/* Called by boot/entry.asm. */
noreturn_fn void kernel_main(uint32_t magic, uint32_t info_phys);

static struct boot_info boot;

/* ---- The machine --------------------------------------------------------------------------------- */

static void report_machine(void)
{
    printk("Faultline %s on %s",
#ifdef FAULTLINE_DEBUG
           "(debug)",
#else
           "(release)",
#endif
           cpu_info.brand[0] != '\0' ? cpu_info.brand : cpu_info.vendor);
    printk("cpu: %s%s%s", cpu_info.features, cpu_info.missing[0] != '\0' ? "; missing: " : "",
           cpu_info.missing);
    if (boot.cmdline_cut) {
        printk_level(LOG_WARN, "command line cut after %u bytes", BOOT_CMDLINE_MAX - 1);
    }
    if (boot.ranges_dropped != 0) {
        printk_level(LOG_WARN, "memory map: %u entries ignored", boot.ranges_dropped);
    }
    if (boot.modules_ignored != 0) {
        printk_level(LOG_WARN, "%u boot modules after the initrd ignored", boot.modules_ignored);
    }
    cmdline_report();
}

/* ---- The root file system ------------------------------------------------------------------------ */

/* Returns why the module cannot be used as the initrd, or NULL if it can (bad-input B7). */
static const char *check_initrd(void)
{
    if (boot.initrd_problem != NULL) {
        return boot.initrd_problem;
    }
    if (boot.initrd_start == boot.initrd_end) {
        return "the boot loader gave no module";
    }
    if (!memory_exists(&boot, boot.initrd_start, boot.initrd_end)) {
        return "the module lies outside memory";
    }
    if (boot.initrd_end > cmdline.mem_limit ||
        (boot.initrd_end - 1) >> PAGE_SHIFT >= pmap_direct_limit()) {
        return "the module lies above directly mapped memory";
    }
    return NULL;
}

/* Memory for programs' temporary files, at most half of the machine's each. */
static int mount_tmpfs(const char *path)
{
    const struct inode_spec spec = {.type = INODE_DIRECTORY, .mode = 01777};
    struct file_system *fs;
    struct dentry *dir, *on;
    struct inode *inode;
    const char *name;
    uint32_t len;
    int err = fs_make_parents(path, &dir, &name, &len);

    if (err == 0 && dentry_find(dir, name, len) == NULL) {
        err = fs_add_inode(dir, name, len, &spec, &inode);
    }
    if (err != 0) {
        return err;
    }
    on = dentry_find(dir, name, len);
    return fs_mount("tmpfs", "tmpfs", on, 0, NULL, &fs);
}

static void mount_root(void)
{
    const char *problem = check_initrd();

    if (problem != NULL) {
        panic("no initrd: %s", problem);
    }
    ramfs_register(frame_total_count());
    int err = fs_init();

    if (err == 0) {
        err = devfs_add_memory_devices();
    }

    if (err != 0) {
        panic("no memory for the file system");
    }
    uint32_t size = boot.initrd_end - boot.initrd_start;
    int entries =
        initrd_mount((const uint8_t *)(KERNEL_BASE + boot.initrd_start), size, printk_line);

    if (entries < 0) {
        panic("no initrd: %s", entries == -EINVAL ? "not a tar archive" : "out of memory");
    }
    if (mount_tmpfs("/tmp") != 0 || mount_tmpfs("/dev/shm") != 0) {
        printk("no /tmp: the archive has something else there, or there is no memory");
    }
    printk("initrd: %d files and directories, %u KiB", entries, size / 1024);
}

/* ---- The first process --------------------------------------------------------------------------- */

/* Strings packed for image_build_stack, with room for the longest values of the command line. */
#define INIT_ARGS_MAX (CMDLINE_MAX + 64)
struct packed_strings {
    struct image_strings strings;
    char bytes[INIT_ARGS_MAX];
};

/* Appends key and value as one string. */
static void pack(struct packed_strings *to, const char *key, const char *value)
{
    char *at = to->bytes + to->strings.bytes;
    uint32_t room = INIT_ARGS_MAX - to->strings.bytes;
    uint32_t length = (uint32_t)strlcpy(at, key, room);

    length += (uint32_t)strlcpy(at + length, value, room - length);
    assert(length < room);
    to->strings.data = to->bytes;
    to->strings.bytes += length + 1;
    to->strings.count++;
}

/* Opens descriptors 0, 1 and 2, as Linux does for its init. */
static void open_console(struct process *init)
{
    for (int fd = 0; fd <= 2; fd++) {
        struct file *file;
        const struct path console = {&init->view, NULL, "/dev/console"};
        int err = file_open(&console, O_RDWR, 0, &file);

        if (err == 0) {
            err = fd_install(&init->fds, file, 0, false);
        }
        if (err < 0) {
            panic("cannot open /dev/console: error %d", -err);
        }
    }
}

static void start_init(void)
{
    static struct packed_strings args, env;
    struct elf32_reason why = {""};

    pack(&args, cmdline.init, "");
    pack(&args, "policy=", cmdline.policy == FL_POLICY_SEGMENT ? "segment" : "page");
    if (cmdline.run != NULL) {
        pack(&args, "run=", cmdline.run);
    }
    pack(&env, "HOME=", "/");
    pack(&env, "PATH=", "/bin");
    pack(&env, "TERM=", "linux");
    int err = exec_start_init(cmdline.init, &args.strings, &env.strings, cmdline.policy, &why);

    if (err != 0) {
        panic("no init: %s: %s (error %d)", cmdline.init,
              why.text[0] != '\0' ? why.text : "cannot be started", -err);
    }
    open_console(process_find(PROCESS_INIT_PID));
}

/* ---- Devices ------------------------------------------------------------------------------------- */

static bool job_exists(int group)
{
    return process_find(group) != NULL; /* a group is a process */
}

static bool job_caller_is_init(void)
{
    return process_running->id.pid == PROCESS_INIT_PID;
}

static const struct job_hooks job_hooks = {
    .signal = process_signal_foreground,
    .exists = job_exists,
    .is_init = job_caller_is_init,
};

static void tick(uint32_t irq, bool from_user)
{
    (void)irq;
    clock_tick();
    if (timer_is_any_queued()) {
        timer_expire_due(clock_now());
    }
    sched_tick(from_user);
}

/* What files are stamped with. */
static struct timestamp time_of_day(void)
{
    struct time_parts now = time_split(clock_realtime());

    return (struct timestamp){now.seconds, now.nanoseconds};
}

/* Without a clock the time of day starts with 1970. */
static void start_clock(void)
{
    int64_t seconds = 0;
    int err = rtc_read(&seconds);

    if (err != 0) {
        printk_level(LOG_WARN, "the real-time clock shows no time: error %d", -err);
    }
    clock_start(err == 0 && seconds > 0 ? seconds : 0);
    inode_set_clock(time_of_day);
    if (clock_rate() == 0) {
        printk_level(LOG_WARN, "clock: counts interrupts, for want of a time stamp counter");
    }
}

static void start_devices(void)
{
    pic_init();
    pit_init();
    irq_register(IRQ_TIMER, tick);
    irq_register(IRQ_KEYBOARD, console_interrupt);
    irq_register(IRQ_COM1, console_interrupt);
    pic_unmask(IRQ_TIMER);
    job_set_hooks(&job_hooks);
    cut_start();
    if (console_register_devices() != 0) {
        panic("no memory for the console's devices");
    }
}

void kernel_main(uint32_t magic, uint32_t info_phys)
{
    const char *problem = boot_info_read(magic, info_phys, &boot);

    cmdline_parse(boot.cmdline);
    log_set_level(cmdline.loglevel);
    power_configure(cmdline.exit_qemu, cmdline.panic_reboot, log_flush);
    console_init(&cmdline.console);
    if (problem != NULL) {
        panic("boot loader: %s", problem);
    }
    cpu_init();
    clock_calibrate();
    gdt_init();
    idt_init();
    report_machine();
    memory_init(&boot, cmdline.mem_limit);
    kheap_init();
    random_init(cmdline.seed);
    sched_init();
    mount_root();
    start_devices();
    if (commit_configure(cmdline.overcommit, COMMIT_RATIO_DEFAULT) != 0) {
        panic("overcommit=%u", cmdline.overcommit);
    }
    trap_configure(cmdline.trace);
    sys_configure(cmdline.has_failframe, cmdline.text);
    start_init();
    start_clock();
    (void)frame_fail_at(cmdline.failframe, false); /* counts from here; 0 fails none */
    sched_start();
}
