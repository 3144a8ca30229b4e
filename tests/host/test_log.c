/*
 * kernel/log/ on the host: printk cuts messages into lines, and the stream carries them in frames
 * over a device that may be missing, slow or stuck. The devices are fakes.
 */
#include "tests/host/support.h"

#include <string.h>

#include "dev/serial.h"
#include "dev/virtio_port.h"
#include "kernel/log/printk.h"
#include "kernel/log/sink.h"
#include "kernel/log/stream.h"

#define HEAD_BYTES 4u

/* ---- The devices --------------------------------------------------------------------------------- */

struct serial_port serial_com1;
static uint8_t wire[16384]; /* what the host has got, over either device */
static uint32_t n_wire, wire_room, flushes;
static bool has_virtio, has_serial;

static void put_on_wire(const void *bytes, uint32_t n)
{
    assert_true(n_wire + n <= sizeof(wire));
    memcpy(wire + n_wire, bytes, n);
    n_wire += n;
}

void serial_init(struct serial_port *port)
{
    port->is_present = has_serial;
}

bool serial_can_send(struct serial_port *port)
{
    (void)port;
    return wire_room > 0;
}

void serial_wait_patiently(struct serial_port *port)
{
    (void)port;
}

uint32_t serial_send_patiently(struct serial_port *port, const char *bytes, uint32_t n)
{
    uint32_t sent = n < wire_room ? n : wire_room;

    (void)port;
    put_on_wire(bytes, sent);
    wire_room -= sent;
    return sent;
}

void serial_flush(struct serial_port *port)
{
    (void)port;
    flushes++;
}

bool virtio_port_init(void)
{
    return has_virtio;
}

bool virtio_port_is_idle(void)
{
    return true;
}

void virtio_port_send(const void *bytes, uint32_t n)
{
    put_on_wire(bytes, n);
}

/* ---- Reading the wire as the host does ----------------------------------------------------------- */

static uint32_t at; /* of the next frame */

static void expect_frame(char kind, const char *payload)
{
    uint32_t len = (uint32_t)strlen(payload);
    uint32_t head = (uint32_t)kind | len << 8;

    assert_true(at + HEAD_BYTES + len <= n_wire);
    assert_memory_equal(wire + at, &head, HEAD_BYTES);
    assert_memory_equal(wire + at + HEAD_BYTES, payload, len);
    at += HEAD_BYTES + len;
}

static void expect_no_more(void)
{
    assert_int_equal(at, n_wire);
}

/* Starts the stream anew; the first frame is read. */
static void start(bool virtio, bool serial)
{
    has_virtio = virtio;
    has_serial = serial;
    wire_room = UINT32_MAX;
    n_wire = at = 0;
    stream_init();
    if (virtio || serial) {
        expect_frame('H', "faultline-stream 1");
    }
}

static int set_up(void **state)
{
    (void)state;
    log_set_level(LOG_INFO);
    flushes = 0;
    return 0;
}

/* ---- Tests --------------------------------------------------------------------------------------- */

/* These two come first: there is no way back from a sink or a device. */
static void test_lines_before_the_sink_are_lost(void **state)
{
    const struct log_trace trace = {.pid = 1};

    (void)state;
    printk("nobody listens");
    log_begin_panic();
    log_put_panic_line("x", 1);
    log_flush();
    assert_false(log_trace(&trace));
}

static void test_b13_no_device(void **state)
{
    (void)state;
    start(false, false);
    assert_int_equal(stream_piece_max(), 0);
    printk("nobody listens");
    log_flush();
    expect_no_more();
}

static void test_messages_become_lines(void **state)
{
    (void)state;
    start(true, true);
    printk("one %d", 1);
    printk("two\n");
    printk("three\n\nfour");
    printk("%s", "");
    printk_crash("last words");
    printk_trace("a fault");
    expect_frame('K', "one 1");
    expect_frame('K', "two");
    expect_frame('K', "three");
    expect_frame('K', "");
    expect_frame('K', "four");
    expect_frame('K', "");
    expect_frame('C', "last words");
    expect_frame('T', "a fault");
    expect_no_more();
}

static void test_the_level(void **state)
{
    (void)state;
    start(true, false);
    log_set_level(LOG_ERROR);
    printk("information");
    printk_line("a warning");
    printk_level(LOG_ERROR, "an error");
    printk_crash("last words");
    expect_frame('K', "an error");
    expect_frame('C', "last words");
    expect_no_more();
}

static void test_long_messages_are_cut(void **state)
{
    static char text[2 * PRINTK_LINE_MAX];
    static char payload[STREAM_LINE_MAX + 2];

    (void)state;
    start(true, false);
    memset(text, 'x', sizeof(text) - 1);
    printk("%s", text);
    text[PRINTK_LINE_MAX - 1] = '\0';
    expect_frame('K', text);
    memset(payload, 'y', sizeof(payload) - 1);
    stream_put('R', payload, sizeof(payload) - 1);
    payload[STREAM_LINE_MAX] = '\0';
    expect_frame('R', payload);
    expect_no_more();
}

static void test_a_trace_record_is_sent_as_it_is(void **state)
{
    const struct log_trace trace = {.pid = 42, .access = 'w', .cause = "zero"};
    const uint32_t head = 'T' | (uint32_t)sizeof(trace) << 8;

    (void)state;
    start(true, false);
    assert_true(log_trace(&trace));
    assert_memory_equal(wire + at, &head, HEAD_BYTES);
    assert_memory_equal(wire + at + HEAD_BYTES, &trace, sizeof(trace));
    assert_int_equal(n_wire, at + HEAD_BYTES + sizeof(trace));
}

static void test_a_panic_is_part_of_the_stream(void **state)
{
    (void)state;
    start(false, true);
    log_begin_panic();
    log_put_panic_line("PANIC: x", 8);
    assert_int_equal(flushes, 0);
    log_flush();
    assert_int_equal(flushes, 1);
    expect_frame('K', "PANIC: x");
    expect_no_more();
}

static void test_frames_filled_in_place(void **state)
{
    static struct stream_frame frame;

    (void)state;
    start(false, true);
    assert_in_range(stream_piece_max(), 1, STREAM_BYTES_MAX - 1); /* a UART is polled */
    start(true, true);
    assert_int_equal(stream_piece_max(), STREAM_BYTES_MAX);
    assert_true(stream_is_idle());
    memcpy(frame.payload, "abc", 3);
    stream_send(&frame, STREAM_ERROR, 3);
    expect_frame('2', "abc");
    expect_no_more();
}

/* A UART takes a part of a frame and then nothing. The host must find the next head. */
static void test_a_frame_that_was_cut_off_is_filled_up(void **state)
{
    static const char text[] = "0123456789012345678901234567890123456789";

    (void)state;
    for (uint32_t taken = 1; taken < HEAD_BYTES + sizeof(text) - 1; taken++) {
        start(false, true);
        wire_room = taken;
        stream_put(STREAM_LOG, text, sizeof(text) - 1);
        assert_int_equal(n_wire, at + taken);
        wire_room = UINT32_MAX;
        printk("next");
        for (uint32_t i = taken; i < HEAD_BYTES + sizeof(text) - 1; i++) {
            assert_int_equal(wire[at + i], 0);
        }
        at += HEAD_BYTES + (uint32_t)sizeof(text) - 1;
        expect_frame('K', "next");
        expect_no_more();
    }
}

static void test_lost_frames_are_reported(void **state)
{
    (void)state;
    start(false, true);
    wire_room = 0;
    printk("lost");
    printk("lost too");
    expect_no_more();
    wire_room = UINT32_MAX;
    printk("next");
    printk("and next");
    expect_frame('L', "lines were lost: nobody took them");
    expect_frame('K', "next");
    expect_frame('K', "and next");
    expect_no_more();
}

#define TEST(function) cmocka_unit_test_setup(function, set_up)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_lines_before_the_sink_are_lost),
        TEST(test_b13_no_device),
        TEST(test_messages_become_lines),
        TEST(test_the_level),
        TEST(test_long_messages_are_cut),
        TEST(test_a_trace_record_is_sent_as_it_is),
        TEST(test_a_panic_is_part_of_the_stream),
        TEST(test_frames_filled_in_place),
        TEST(test_a_frame_that_was_cut_off_is_filled_up),
        TEST(test_lost_frames_are_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
