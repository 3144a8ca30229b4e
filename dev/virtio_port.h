/*
 * Port 1 of a virtio console device ("virtio-serial"), transmitting only: whole buffers go to the
 * host, where a UART moves bytes. Virtio 1.1, the legacy interface (4.1.4.8, 5.3), no features, no
 * interrupts.
 *
 * One buffer is under way at a time. Where the host takes it during the notification, as QEMU does
 * with ioeventfd=off, it is taken when virtio_port_send() returns, and an instruction clock counts
 * the same in every run.
 */
#ifndef DEV_VIRTIO_PORT_H
#define DEV_VIRTIO_PORT_H

#include <stdbool.h>
#include <stdint.h>

/* Looks for the device and opens the port. False: there is none that this driver can use. Needs low
 * memory mapped at KERNEL_BASE; no heap, no interrupts. */
bool virtio_port_init(void);

/* True: the host has taken the last buffer, the next may be sent. */
bool virtio_port_is_idle(void);

/* Hands n bytes (not 0) to the host. Needs an idle port. The bytes lie in the kernel's own image, so
 * they are contiguous in physical memory, and stay as they are until the port is idle again. */
void virtio_port_send(const void *bytes, uint32_t n);

#endif
