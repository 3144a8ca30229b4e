/*
 * Serial ports: National Semiconductor PC16550D data sheet, section 8.
 *
 * An empty transmit FIFO takes 16 bytes, so the line status is read once per 16 bytes, and a
 * program's output costs little more than one `out` per byte.
 */
#include "dev/serial.h"

#include "arch/port.h"
#include "lib/minmax.h"

/* Registers, by offset from the base. */
enum {
    UART_DATA = 0,
    UART_DIVISOR_LOW = 0, /* while LCR_DIVISOR is set */
    UART_IER = 1,
    UART_DIVISOR_HIGH = 1,
    UART_IIR = 2, /* reading */
    UART_FCR = 2, /* writing */
    UART_LCR = 3,
    UART_MCR = 4,
    UART_LSR = 5,
    UART_SCRATCH = 7
};

#define IER_RECEIVED     0x01u
#define IIR_FIFO_WORKS   0xC0u
#define FCR_ON_CLEAR_14  0xC7u /* FIFOs on, both cleared, interrupt at 14 bytes or a pause */
#define LCR_8N1          0x03u
#define LCR_DIVISOR      0x80u
#define MCR_DTR_RTS_OUT2 0x0Bu /* OUT2 gates the interrupt line on the PC */
#define MCR_LOOP         0x10u /* disconnects the line                    */
#define LSR_DATA_READY   0x01u
#define LSR_TX_EMPTY     0x20u
#define LSR_TX_IDLE      0x40u
#define DIVISOR_115200   1u
#define FIFO_BYTES       16u

/* How often the status register is read before a wait ends in vain. A read takes about a microsecond
 * on hardware, where 16 bytes at 115200 baud take 1.4 ms. An emulator's reader may pause much longer. */
#define SPINS_BRIEF   4096u
#define SPINS_PATIENT (1u << 23)

struct serial_port serial_com1 = {.base = 0x3F8};

static void uart_out(const struct serial_port *port, uint16_t reg, uint8_t value)
{
    port_out8((uint16_t)(port->base + reg), value);
}

static uint8_t uart_in(const struct serial_port *port, uint16_t reg)
{
    return port_in8((uint16_t)(port->base + reg));
}

/* The scratch register of a 16550 keeps what is written to it; a missing port keeps nothing. */
static bool uart_is_there(const struct serial_port *port)
{
    static const uint8_t patterns[] = {0x5A, 0xA5};
    for (uint32_t i = 0; i < sizeof(patterns); i++) {
        uart_out(port, UART_SCRATCH, patterns[i]);
        if (uart_in(port, UART_SCRATCH) != patterns[i]) {
            return false;
        }
    }
    return true;
}

/* Enabling the FIFOs clears the receiver. A byte that was sent while the machine started is the first
 * of a program's input and must not be lost, so it is read before. Loop mode keeps further bytes out
 * meanwhile. */
static void uart_switch_fifos_on(struct serial_port *port)
{
    uart_out(port, UART_MCR, MCR_LOOP);
    port->early = (uart_in(port, UART_LSR) & LSR_DATA_READY) ? uart_in(port, UART_DATA) : -1;
    uart_out(port, UART_FCR, FCR_ON_CLEAR_14);
}

void serial_init(struct serial_port *port)
{
    port->is_present = uart_is_there(port);
    if (!port->is_present) {
        return;
    }
    uart_out(port, UART_IER, 0);
    uart_out(port, UART_LCR, LCR_DIVISOR);
    uart_out(port, UART_DIVISOR_LOW, DIVISOR_115200);
    uart_out(port, UART_DIVISOR_HIGH, 0);
    uart_out(port, UART_LCR, LCR_8N1);
    uart_switch_fifos_on(port);
    uart_out(port, UART_MCR, MCR_DTR_RTS_OUT2);
    bool has_fifo = (uart_in(port, UART_IIR) & IIR_FIFO_WORKS) == IIR_FIFO_WORKS;
    port->burst = has_fifo ? FIFO_BYTES : 1;
    port->room = 0;
    port->is_stuck = false;
}

static bool wait_for(const struct serial_port *port, uint8_t lsr_bit, uint32_t spins)
{
    do {
        if (uart_in(port, UART_LSR) & lsr_bit) {
            return true;
        }
    } while (spins-- > 0);
    return false;
}

static uint32_t send(struct serial_port *port, const char *bytes, uint32_t n, uint32_t spins)
{
    uint32_t sent = 0;
    while (sent < n) {
        if (port->room == 0) {
            if (!wait_for(port, LSR_TX_EMPTY, spins)) {
                break;
            }
            port->room = port->burst;
        }
        uint32_t piece = min_u32(n - sent, port->room);
        port_out8_string(port->base, (const uint8_t *)bytes + sent, piece);
        port->room = (uint8_t)(port->room - piece);
        sent += piece;
    }
    return sent;
}

uint32_t serial_send(struct serial_port *port, const char *bytes, uint32_t n)
{
    return port->is_present ? send(port, bytes, n, SPINS_BRIEF) : n;
}

static uint32_t patience(const struct serial_port *port)
{
    return port->is_stuck ? SPINS_BRIEF : SPINS_PATIENT;
}

uint32_t serial_send_patiently(struct serial_port *port, const char *bytes, uint32_t n)
{
    if (!port->is_present) {
        return n;
    }
    uint32_t sent = send(port, bytes, n, patience(port));
    port->is_stuck = sent < n;
    return sent;
}

bool serial_can_send(struct serial_port *port)
{
    return !port->is_present || port->room > 0 || wait_for(port, LSR_TX_EMPTY, 0);
}

void serial_wait_patiently(struct serial_port *port)
{
    if (port->is_present && port->room == 0) {
        port->is_stuck = !wait_for(port, LSR_TX_EMPTY, patience(port));
    }
}

int serial_receive(struct serial_port *port)
{
    if (!port->is_present) {
        return -1;
    }
    if (port->early >= 0) {
        int early = port->early;
        port->early = -1;
        return early;
    }
    if (!(uart_in(port, UART_LSR) & LSR_DATA_READY)) {
        return -1;
    }
    return uart_in(port, UART_DATA);
}

void serial_enable_input(struct serial_port *port, bool is_on)
{
    if (port->is_present) {
        uart_out(port, UART_IER, is_on ? IER_RECEIVED : 0);
    }
}

void serial_flush(struct serial_port *port)
{
    if (port->is_present) {
        (void)wait_for(port, LSR_TX_IDLE, SPINS_PATIENT);
    }
}
