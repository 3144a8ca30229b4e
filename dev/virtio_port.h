/*
 * Port 1 of a virtio console device ("virtio-serial"), for output only. It sends whole buffers to the
 * host, where a UART sends bytes. Virtio 1.1, legacy interface (4.1.4.8, 5.3), without features and
 * interrupts.
 *
 * One buffer is pending at a time. If the host takes it during the notification, as QEMU does with
 * ioeventfd=off, the port is idle when virtio_port_send() returns, and an instruction clock counts
 * the same in every run.
 */
#ifndef DEV_VIRTIO_PORT_H
#define DEV_VIRTIO_PORT_H

#include <stdbool.h>
#include <stdint.h>

/* Finds the device and opens the port. Returns false if there is none that this driver can use. Needs
 * low memory mapped at KERNEL_BASE, but no heap and no interrupts. */
bool virtio_port_init(void);

/* Returns true if the host has taken the last buffer, so that the next may be sent. */
bool virtio_port_is_idle(void);

/* Sends n bytes (not 0) to the host. Needs an idle port. The bytes must lie in the kernel's image,
 * which is contiguous in physical memory, and must not change until the port is idle again. */
void virtio_port_send(const void *bytes, uint32_t n);

#endif
