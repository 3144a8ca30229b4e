/*
 * Run mode's devices on the host: what arrives at COM1 against what programs read, and what they
 * write against the frames of the stream. The port, the device of the stream, the tree of names and
 * the scheduler are fakes.
 */
#include "lib/restart.h"
#include "tests/host/support.h"

#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <linux/fcntl.h>
#include <string.h>

#include "dev/pic.h"
#include "dev/serial.h"
#include "lib/preempt.h"
#include "sync/wait_queue.h"
#include "tty/console.h"
#include "tty/job.h"
#include "tty/tty_impl.h"

#define RING_BYTES 16384u /* of tty/host_input.c */

/* ---- The port ------------------------------------------------------------------------------------ */

struct serial_port serial_com1;
static char port_bytes[65536];
static uint32_t port_head, port_tail;
static bool is_port_on;

int serial_receive(struct serial_port *port)
{
    (void)port;
    return port_tail < port_head ? (uint8_t)port_bytes[port_tail++] : -1;
}

void serial_enable_input(struct serial_port *port, bool is_on)
{
    (void)port;
    is_port_on = is_on;
}

void pic_unmask(uint32_t irq)
{
    assert_int_equal(irq, IRQ_COM1);
}

static void arrive(const char *bytes, uint32_t n)
{
    assert_true(port_head + n <= sizeof(port_bytes));
    memcpy(port_bytes + port_head, bytes, n);
    port_head += n;
    if (is_port_on) {
        console_interrupt(IRQ_COM1, false);
    }
}

/* ---- The stream ---------------------------------------------------------------------------------- */

#define FRAMES_MAX 16u
static struct {
    enum stream_kind kind;
    uint32_t len;
    char text[STREAM_LINE_MAX + 1];
} frames[FRAMES_MAX];
static uint32_t n_frames, piece_max, busy_polls, yields;
static bool is_killed;

static void add_frame(enum stream_kind kind, const char *payload, uint32_t len)
{
    uint32_t kept = len < STREAM_LINE_MAX ? len : STREAM_LINE_MAX;

    assert_true(n_frames < FRAMES_MAX);
    frames[n_frames].kind = kind;
    frames[n_frames].len = len;
    memcpy(frames[n_frames].text, payload, kept);
    frames[n_frames++].text[kept] = '\0';
}

void stream_init(void)
{
}

void stream_put(enum stream_kind kind, const void *payload, uint32_t len)
{
    add_frame(kind, payload, len);
}

uint32_t stream_piece_max(void)
{
    return piece_max;
}

bool stream_is_idle(void)
{
    busy_polls -= busy_polls > 0;
    return busy_polls == 0;
}

void stream_send(struct stream_frame *frame, enum stream_kind kind, uint32_t len)
{
    add_frame(kind, frame->payload, len);
}

/* ---- The terminal, which run mode does not use --------------------------------------------------- */

void terminal_init(bool has_serial)
{
    (void)has_serial;
    fail();
}

int terminal_register(void)
{
    return -EINVAL;
}

void terminal_interrupt(uint32_t irq)
{
    (void)irq;
    fail();
}

/* ---- The scheduler ------------------------------------------------------------------------------- */

static void (*while_asleep)(void);

static bool test_block(struct waiter *waiter)
{
    waiter->thread = &is_killed;
    if (while_asleep != NULL) {
        while_asleep();
    } else if (!is_killed) {
        fail_msg("a reader sleeps forever");
    }
    return !is_killed;
}

static void test_wake(void *thread)
{
    (void)thread;
}

bool yield_point(void)
{
    yields++;
    return is_killed;
}

/* ---- Processes ----------------------------------------------------------------------------------- */

static uint32_t interrupts;
static bool is_init;

static void test_interrupt(int signal)
{
    (void)signal;
    interrupts++;
}

static bool test_exists(int group)
{
    return group == 1 || group == 7;
}

static bool test_is_init(void)
{
    return is_init;
}

/* ---- The tree of names --------------------------------------------------------------------------- */

static struct {
    const char *path;
    struct inode inode;
    struct file file;
} nodes[8];
static uint32_t n_nodes;

int fs_add_device(const char *path, uint32_t mode, uint32_t device, const struct file_ops *ops,
                  void *data)
{
    (void)mode;
    assert_true(n_nodes < array_size(nodes));
    nodes[n_nodes].path = path;
    nodes[n_nodes].inode = (struct inode){.device = device, .ops = ops, .data = data};
    nodes[n_nodes].file = (struct file){.inode = &nodes[n_nodes].inode, .ops = ops};
    n_nodes++;
    return 0;
}

static struct file *file_at(const char *path)
{
    for (uint32_t i = 0; i < n_nodes; i++) {
        if (strcmp(nodes[i].path, path) == 0) {
            return &nodes[i].file;
        }
    }
    fail_msg("%s is not there", path);
    return NULL;
}

int file_open_by_all(struct file *file)
{
    (void)file;
    return 0;
}

uint32_t file_poll_always(struct file *file)
{
    (void)file;
    return 0;
}

int32_t file_no_read(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    (void)file;
    (void)io;
    (void)len;
    (void)pos;
    return -EINVAL;
}

int32_t file_no_write(struct file *file, struct io_buffer *io, uint32_t len, uint64_t *pos)
{
    return file_no_read(file, io, len, pos);
}

int32_t file_no_ioctl(struct file *file, uint32_t request, uint32_t arg, struct io_buffer *at_arg)
{
    (void)file;
    (void)request;
    (void)arg;
    (void)at_arg;
    return -ENOTTY;
}

int file_no_map(struct file *file, const struct file_mapping *mapping, struct vm_object **object)
{
    (void)file;
    (void)mapping;
    (void)object;
    return -ENODEV;
}

void file_no_release(struct file *file)
{
    (void)file;
}

/* ---- A program's buffer -------------------------------------------------------------------------- */

static char buffer[65536];
static uint32_t good_bytes; /* of the buffer; the rest is not mapped */
static void (*during_copy)(void);

/* How many of n bytes lie in the part that is mapped. */
static uint32_t bytes_mapped(const struct io_buffer *io, uint32_t n)
{
    uint32_t left = good_bytes - io->done;

    return n < left ? n : left;
}

static uint32_t buffer_put(struct io_buffer *io, const void *from, uint32_t n)
{
    uint32_t moved = bytes_mapped(io, n);

    if (during_copy != NULL) {
        during_copy();
    }
    memcpy(buffer + io->done, from, moved);
    io->done += moved;
    return moved;
}

static uint32_t buffer_get(struct io_buffer *io, void *to, uint32_t n)
{
    uint32_t moved = bytes_mapped(io, n);

    memcpy(to, buffer + io->done, moved);
    io->done += moved;
    return moved;
}

static struct io_buffer io_start(void)
{
    return (struct io_buffer){.put = buffer_put, .get = buffer_get};
}

static int32_t read_from(const char *path, uint32_t len)
{
    struct file *file = file_at(path);
    struct io_buffer io = io_start();
    uint64_t pos = 0;

    memset(buffer, 0, sizeof(buffer));
    return file->ops->read(file, &io, len, &pos);
}

static int32_t write_to(const char *path, uint32_t len)
{
    struct file *file = file_at(path);
    struct io_buffer io = io_start();
    uint64_t pos = 0;

    return file->ops->write(file, &io, len, &pos);
}

static int32_t write_text(const char *path, const char *text)
{
    strcpy(buffer, text);
    return write_to(path, (uint32_t)strlen(text));
}

static int32_t request(const char *path, uint32_t number, uint32_t arg)
{
    struct file *file = file_at(path);
    struct io_buffer io = io_start();

    return file->ops->ioctl(file, number, arg, &io);
}

/* ---- Set up -------------------------------------------------------------------------------------- */

static void start(uint32_t terminals)
{
    const struct console_config config = {
        .mode = CONSOLE_RUN, .host_terminals = terminals, .rows = 50, .columns = 132};

    n_nodes = 0;
    console_init(&config);
    assert_int_equal(console_register_devices(), 0);
    assert_true(is_port_on);
}

static int set_up(void **state)
{
    static const struct job_hooks job_hooks = {test_interrupt, test_exists, test_is_init};
    static const struct sync_hooks sync_hooks = {.block = test_block, .wake = test_wake};

    (void)state;
    job_set_hooks(&job_hooks);
    sync_set_hooks(&sync_hooks);
    port_head = port_tail = n_frames = busy_polls = yields = interrupts = 0;
    piece_max = STREAM_BYTES_MAX;
    good_bytes = sizeof(buffer);
    is_killed = false;
    is_init = true;
    while_asleep = NULL;
    during_copy = NULL;
    start(0);
    host_input_flush();
    return 0;
}

/* ---- Input --------------------------------------------------------------------------------------- */

static void test_input_is_unescaped(void **state)
{
    (void)state;
    arrive("a\x10\x10z", 4);
    assert_int_equal(read_from("/dev/stdin", 1), 1);
    assert_string_equal(buffer, "a");
    assert_int_equal(read_from("/dev/console", 100), 2);
    assert_string_equal(buffer, "\x10z");
    assert_int_equal(read_from("/dev/stdin", 0), 0);
}

static void test_break_passes_by_what_nobody_has_read(void **state)
{
    (void)state;
    arrive("ab\x10", 3);
    assert_int_equal(interrupts, 0);
    arrive("\x03"
           "c",
           2);
    assert_int_equal(interrupts, 1);
    assert_int_equal(read_from("/dev/stdin", 100), 3);
    assert_string_equal(buffer, "abc");
}

static void arrive_late(void)
{
    while_asleep = NULL;
    arrive("late", 4);
}

static void test_a_reader_waits(void **state)
{
    (void)state;
    file_at("/dev/stdin")->flags = O_NONBLOCK;
    assert_int_equal(read_from("/dev/stdin", 10), -EAGAIN);
    file_at("/dev/stdin")->flags = 0;
    while_asleep = arrive_late;
    assert_int_equal(read_from("/dev/stdin", 10), 4);
    assert_string_equal(buffer, "late");
    is_killed = true;
    assert_int_equal(read_from("/dev/stdin", 10), -ERESTARTSYS);
}

static void test_a_bad_buffer_loses_no_input(void **state)
{
    (void)state;
    arrive("0123456789", 10);
    good_bytes = 0;
    assert_int_equal(read_from("/dev/stdin", 10), -EFAULT);
    good_bytes = 3;
    assert_int_equal(read_from("/dev/stdin", 10), 3);
    good_bytes = sizeof(buffer);
    assert_int_equal(read_from("/dev/stdin", 10), 7);
    assert_string_equal(buffer, "3456789");
}

static void read_meanwhile(void)
{
    char other[4];

    during_copy = NULL;
    struct io_buffer io = {.put = buffer_put};
    uint32_t saved = good_bytes;

    memcpy(other, buffer, sizeof(other));
    good_bytes = 1;
    assert_int_equal(host_input_read(&io, 1, false), 1);
    assert_int_equal(buffer[0], 'x');
    memcpy(buffer, other, sizeof(other));
    good_bytes = saved;
}

/* The refused bytes would come after those that another reader got meanwhile. */
static void test_refused_input_does_not_overtake(void **state)
{
    static char many[TTY_PIECE + 1];

    (void)state;
    memset(many, 'a', TTY_PIECE);
    many[TTY_PIECE] = 'x';
    arrive(many, sizeof(many));
    good_bytes = 4;
    during_copy = read_meanwhile;
    assert_int_equal(read_from("/dev/stdin", 1000), 4);
    assert_int_equal(host_input_bytes(), 0);
}

static void test_a_full_ring_stops_the_port(void **state)
{
    static char many[RING_BYTES + 100];

    (void)state;
    for (uint32_t i = 0; i < sizeof(many); i++) {
        many[i] = (char)('a' + i % 26);
    }
    arrive(many, sizeof(many));
    assert_false(is_port_on);
    assert_int_equal(host_input_bytes(), RING_BYTES);
    assert_int_equal(read_from("/dev/stdin", RING_BYTES), RING_BYTES);
    assert_memory_equal(buffer, many, RING_BYTES);
    assert_true(is_port_on);
    assert_int_equal(read_from("/dev/stdin", 1000), 100);
    assert_memory_equal(buffer, many + RING_BYTES, 100);
}

/* ---- Output -------------------------------------------------------------------------------------- */

static void test_output_becomes_frames(void **state)
{
    (void)state;
    assert_int_equal(write_to("/dev/stdout", 2 * STREAM_BYTES_MAX + 5), 2 * STREAM_BYTES_MAX + 5);
    assert_int_equal(n_frames, 3);
    assert_int_equal(frames[0].len, STREAM_BYTES_MAX);
    assert_int_equal(frames[2].len, 5);
    assert_int_equal(frames[2].kind, STREAM_OUTPUT);
    assert_int_equal(write_text("/dev/stderr", "oops"), 4);
    assert_int_equal(frames[3].kind, STREAM_ERROR);
    assert_string_equal(frames[3].text, "oops");
    assert_int_equal(write_text("/dev/console", "both"), 4);
    assert_int_equal(frames[4].kind, STREAM_OUTPUT);
}

static void test_output_waits_for_the_device(void **state)
{
    (void)state;
    busy_polls = 4;
    assert_int_equal(write_text("/dev/stdout", "slow"), 4);
    assert_int_equal(yields, 3);
    busy_polls = 4;
    is_killed = true;
    assert_int_equal(write_text("/dev/stdout", "dead"), -EINTR);
    is_killed = false;
    busy_polls = 0;
    assert_int_equal(write_text("/dev/stdout", "next"), 4);
    assert_int_equal(n_frames, 2);
    assert_string_equal(frames[1].text, "next");
}

static void test_output_from_a_bad_buffer(void **state)
{
    (void)state;
    for (piece_max = STREAM_BYTES_MAX;; piece_max = 0) { /* with a device, and without */
        good_bytes = 0;
        assert_int_equal(write_to("/dev/stdout", 10), -EFAULT);
        good_bytes = 3;
        assert_int_equal(write_to("/dev/stdout", 10), 3);
        good_bytes = sizeof(buffer);
        assert_int_equal(write_to("/dev/stdout", 1000), 1000);
        if (piece_max == 0) {
            break;
        }
    }
    assert_int_equal(n_frames, 2);
    assert_int_equal(frames[0].len, 3);
}

/* ---- The report ---------------------------------------------------------------------------------- */

static void test_r14_only_pid_1_reports(void **state)
{
    (void)state;
    assert_int_equal(write_text("/dev/report", "R a line\n"), 9);
    assert_int_equal(frames[0].kind, 'R');
    assert_string_equal(frames[0].text, "a line");
    static const char *const bad[] = {"",    "R",   "\n",   "R\n", "Kx",
                                      "K x", "1 x", "Rx y", "T x", "\1 x"};

    for (uint32_t i = 0; i < array_size(bad); i++) {
        assert_int_equal(write_text("/dev/report", bad[i]), -EINVAL);
    }
    assert_int_equal(write_to("/dev/report", STREAM_LINE_MAX + 1), -EMSGSIZE);
    good_bytes = 3;
    assert_int_equal(write_to("/dev/report", 4), -EFAULT);
    struct file *file = file_at("/dev/report");

    assert_int_equal(file->ops->open(file), 0);
    is_init = false;
    assert_int_equal(file->ops->open(file), -EACCES);
    assert_int_equal(write_text("/dev/report", "R a lie\n"), -EPERM);
    assert_int_equal(n_frames, 1);
}

/* ---- Requests ------------------------------------------------------------------------------------ */

static void test_a_terminal_is_what_the_host_has(void **state)
{
    (void)state;
    assert_int_equal(request("/dev/stdin", TCGETS, 0), -ENOTTY);
    start(1u << 1);
    assert_int_equal(request("/dev/stdin", TCGETS, 0), -ENOTTY);
    assert_int_equal(request("/dev/stdout", TCGETS, 0), 0);
    assert_int_equal(request("/dev/stderr", TCGETS, 0), -ENOTTY);
    assert_int_equal(request("/dev/console", TCGETS, 0), -ENOTTY);
    start(1u << 0 | 1u << 1);
    assert_int_equal(request("/dev/console", TIOCGWINSZ, 0), 0);
    const struct winsize expected = {.ws_row = 50, .ws_col = 132};

    assert_memory_equal(buffer, &expected, sizeof(expected));
    assert_int_equal(request("/dev/console", 0x1234, 0), -ENOTTY);
}

static void set_int(int value)
{
    memcpy(buffer, &value, sizeof(value));
}

static int int_from(uint32_t number)
{
    int value;

    assert_int_equal(request("/dev/stdin", number, 0), 0);
    memcpy(&value, buffer, sizeof(value));
    return value;
}

static void test_the_foreground_group(void **state)
{
    (void)state;
    start(1u << 0);
    assert_int_equal(int_from(TIOCGPGRP), 1);
    set_int(-1);
    assert_int_equal(request("/dev/stdin", TIOCSPGRP, 0), -EINVAL);
    set_int(8);
    assert_int_equal(request("/dev/stdin", TIOCSPGRP, 0), -ESRCH);
    set_int(7);
    good_bytes = sizeof(int) - 1;
    assert_int_equal(request("/dev/stdin", TIOCSPGRP, 0), -EFAULT);
    good_bytes = sizeof(buffer);
    assert_int_equal(int_from(TIOCGPGRP), 1);
    set_int(7);
    assert_int_equal(request("/dev/stdin", TIOCSPGRP, 0), 0);
    assert_int_equal(int_from(TIOCGPGRP), 7);
    set_int(1);
    assert_int_equal(request("/dev/stdin", TIOCSPGRP, 0), 0);
}

static void test_settings_are_kept_and_input_flushed(void **state)
{
    struct termios wanted = {.c_oflag = OPOST | ONLCR, .c_lflag = ECHO}, got;

    (void)state;
    start(1u << 0);
    arrive("typed", 5);
    assert_int_equal(int_from(FIONREAD), 5);
    memcpy(buffer, &wanted, sizeof(wanted));
    good_bytes = sizeof(wanted) - 1;
    assert_int_equal(request("/dev/stdin", TCSETSF, 0), -EFAULT);
    good_bytes = sizeof(buffer);
    assert_int_equal(int_from(FIONREAD), 5);
    memcpy(buffer, &wanted, sizeof(wanted));
    assert_int_equal(request("/dev/stdin", TCSETS, 0), 0);
    assert_int_equal(int_from(FIONREAD), 5);
    assert_int_equal(request("/dev/stdin", TCFLSH, TCOFLUSH), 0);
    assert_int_equal(int_from(FIONREAD), 5);
    assert_int_equal(request("/dev/stdin", TCFLSH, TCIFLUSH), 0);
    assert_int_equal(int_from(FIONREAD), 0);
    assert_int_equal(request("/dev/stdin", TCGETS, 0), 0);
    memcpy(&got, buffer, sizeof(got));
    assert_int_equal(got.c_oflag, ONLCR); /* OPOST stays off */
    assert_int_equal(got.c_lflag, ECHO);
}

/* The end is final, so this test comes last. */
static void test_the_end_of_the_input(void **state)
{
    (void)state;
    arrive("last\x10\x04more\x10\x03", 12);
    assert_int_equal(interrupts, 1);
    assert_int_equal(read_from("/dev/stdin", 100), 4);
    assert_string_equal(buffer, "last");
    assert_int_equal(read_from("/dev/stdin", 100), 0);
    assert_int_equal(read_from("/dev/stdin", 100), 0);
}

#define TEST(function) cmocka_unit_test_setup(function, set_up)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_input_is_unescaped),
        TEST(test_break_passes_by_what_nobody_has_read),
        TEST(test_a_reader_waits),
        TEST(test_a_bad_buffer_loses_no_input),
        TEST(test_refused_input_does_not_overtake),
        TEST(test_a_full_ring_stops_the_port),
        TEST(test_output_becomes_frames),
        TEST(test_output_waits_for_the_device),
        TEST(test_output_from_a_bad_buffer),
        TEST(test_r14_only_pid_1_reports),
        TEST(test_a_terminal_is_what_the_host_has),
        TEST(test_the_foreground_group),
        TEST(test_settings_are_kept_and_input_flushed),
        TEST(test_the_end_of_the_input),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
