/*
 * 16550 serial ports. Sending polls. Receiving causes an interrupt, and bytes are taken one by one:
 * a reader without room leaves them in the port's FIFO, and the sender waits.
 *
 * serial_init detects a missing port by its scratch register. From then on such a port costs nothing,
 * as nobody waits for a ready bit that never comes (bad-input B13). Waits for an existing port are
 * bounded too, because the other end may have stopped reading.
 */
#ifndef DEV_SERIAL_H
#define DEV_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

struct serial_port {
    uint16_t base; /* first I/O port                                           */
    bool is_present;
    bool is_stuck; /* the last patient wait failed, so the next one is brief   */
    uint8_t burst; /* bytes that fit into an empty transmitter                 */
    uint8_t room;  /* how many of them still fit                               */
    int16_t early; /* a byte that arrived before the port was set up, or -1    */
};

extern struct serial_port serial_com1;

/* Detects the port and sets it to 115200 baud, 8N1, FIFOs on, interrupts off. */
void serial_init(struct serial_port *port);

/* Sends bytes until the port has taken none for a moment (the time of a few bursts), for callers that
 * can do something else meanwhile. Returns the number sent, which is n if there is no port. */
uint32_t serial_send(struct serial_port *port, const char *bytes, uint32_t n);
/* The same for callers that cannot let others run: waits for seconds before it gives up. Returns the
 * number sent. */
uint32_t serial_send_patiently(struct serial_port *port, const char *bytes, uint32_t n);
/* Returns true if a byte would be sent at once, or if there is no port. */
bool serial_can_send(struct serial_port *port);
/* Waits, for seconds at most, until serial_can_send. */
void serial_wait_patiently(struct serial_port *port);

/* Returns the next received byte, or -1. */
int serial_receive(struct serial_port *port);
/* Enables or disables the receive interrupt. Disabling also withdraws a pending request, so that the
 * line can rise again. */
void serial_enable_input(struct serial_port *port, bool is_on);

/* Waits, for a bounded time, until the last bit is on the wire. */
void serial_flush(struct serial_port *port);

#endif
