/*
 * 16550 serial ports. Sending polls; receiving is told by an interrupt and taken byte by byte, so
 * that whoever has no room leaves the bytes in the port's FIFO, and the sender waits.
 *
 * A port that is not there is found out once, by its scratch register, and then costs nothing: no
 * wait for a ready bit that never comes (bad-input B13). Waits are bounded for a port that exists,
 * too: the other end may have stopped reading.
 */
#ifndef DEV_SERIAL_H
#define DEV_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

struct serial_port {
    uint16_t base; /* first I/O port                                           */
    bool is_present;
    bool is_stuck; /* the last patient wait was in vain: the next one is brief */
    uint8_t burst; /* bytes that fit once the transmitter says empty           */
    uint8_t room;  /* of them, how many are left                               */
    int16_t early; /* a byte that came before the port was set up, or -1       */
};

extern struct serial_port serial_com1;

/* Looks for the port and sets it to 115200 8N1, FIFOs on, interrupts off. */
void serial_init(struct serial_port *port);

/* Sends bytes until done, or until the port took none for a moment (a few bursts' time): the caller
 * has something better to do than to wait. Gives the number sent; all of them if there is no port. */
uint32_t serial_send(struct serial_port *port, const char *bytes, uint32_t n);
/* The same for who cannot let others run meanwhile: waits for seconds before it gives up. Gives the
 * number sent. */
uint32_t serial_send_patiently(struct serial_port *port, const char *bytes, uint32_t n);
/* Would a byte go out at once? True if there is no port. */
bool serial_can_send(struct serial_port *port);
/* Waits, for seconds at most, until one would. */
void serial_wait_patiently(struct serial_port *port);

/* The next received byte, or -1. */
int serial_receive(struct serial_port *port);
/* Switches the receive interrupt. Off also takes the request back: the line can rise again. */
void serial_enable_input(struct serial_port *port, bool is_on);

/* Waits, not for ever, until the last bit is on the wire. */
void serial_flush(struct serial_port *port);

#endif
