#include "dev/virtio_port.h"

#include <linux/virtio_config.h>
#include <linux/virtio_console.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <stddef.h>

#include "arch/port.h"
#include "dev/pci.h"
#include "lib/addr.h"

#define VENDOR_VIRTIO  0x1AF4u
#define DEVICE_CONSOLE 0x1003u /* legacy or transitional */

/* By 5.3.2 port 0 has queues 0 and 1, control 2 and 3, port n 2n + 2 (receive) and 2n + 3. */
#define PORT_NUMBER      1u
#define QUEUE_CONTROL_TX 3u
#define QUEUE_PORT_TX    (2u * PORT_NUMBER + 3u)

/* In the legacy interface the device chooses the length of a queue. QEMU's is 128. */
#define QUEUE_PAGES      2u
#define QUEUE_LENGTH_MAX 128u

struct queue {
    uint16_t number;
    uint16_t length;
    struct vring_desc *desc;
    struct vring_avail *avail;
    const volatile struct vring_used *used;
};

static uint16_t io_base;
static struct queue transmit;
static _Alignas(PAGE_SIZE) uint8_t transmit_memory[QUEUE_PAGES * PAGE_SIZE];
static _Alignas(PAGE_SIZE) uint8_t control_memory[QUEUE_PAGES * PAGE_SIZE];

/* The kernel's image is mapped at KERNEL_BASE plus its physical address. */
static uint32_t physical(const void *address)
{
    return (uint32_t)address - KERNEL_BASE;
}

static uint16_t port_of(uint16_t reg)
{
    return (uint16_t)(io_base + reg);
}

static void set_status(uint8_t status)
{
    port_out8(port_of(VIRTIO_PCI_STATUS), status);
}

/* Lays out the ring in memory, which must be zero, and gives its address to the device. */
static bool queue_init(struct queue *queue, uint16_t number, uint8_t *memory)
{
    port_out16(port_of(VIRTIO_PCI_QUEUE_SEL), number);
    uint32_t length = port_in16(port_of(VIRTIO_PCI_QUEUE_NUM));
    if (length == 0 || length > QUEUE_LENGTH_MAX) {
        return false;
    }
    queue->number = number;
    queue->length = (uint16_t)length;
    queue->desc = (struct vring_desc *)(void *)memory;
    queue->avail = (struct vring_avail *)(void *)&queue->desc[length];
    queue->avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
    /* The used ring starts on the second page; the rest fits on the first. */
    queue->used = (const struct vring_used *)(const void *)(memory + VIRTIO_PCI_VRING_ALIGN);
    port_out32(port_of(VIRTIO_PCI_QUEUE_PFN), physical(memory) >> VIRTIO_PCI_QUEUE_ADDR_SHIFT);
    return true;
}

static void queue_send(struct queue *queue, const void *bytes, uint32_t n)
{
    queue->desc[0] = (struct vring_desc){.addr = physical(bytes), .len = n};
    uint16_t place = queue->avail->idx & (uint16_t)(queue->length - 1u);
    queue->avail->ring[place] = 0;
    __atomic_signal_fence(
        __ATOMIC_RELEASE); /* orders the compiler; the CPU keeps stores in order */
    *(volatile uint16_t *)&queue->avail->idx = (uint16_t)(queue->avail->idx + 1u);
    port_out16(port_of(VIRTIO_PCI_QUEUE_NOTIFY), queue->number);
}

/* Opens the port; every port but 0 is closed at first. The device may read the message at any time
 * later, so it is constant. */
static void open_port(struct queue *control)
{
    static const struct virtio_console_control message = {
        .id = PORT_NUMBER, .event = VIRTIO_CONSOLE_PORT_OPEN, .value = 1};
    queue_send(control, &message, sizeof(message));
}

static bool start_device(void)
{
    struct queue control;
    set_status(0);
    set_status(VIRTIO_CONFIG_S_ACKNOWLEDGE);
    set_status(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
    port_out32(port_of(VIRTIO_PCI_GUEST_FEATURES), 0);
    if (!queue_init(&control, QUEUE_CONTROL_TX, control_memory) ||
        !queue_init(&transmit, QUEUE_PORT_TX, transmit_memory)) {
        set_status(VIRTIO_CONFIG_S_FAILED);
        return false;
    }
    set_status(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_DRIVER_OK);
    open_port(&control);
    return true;
}

bool virtio_port_init(void)
{
    struct pci_function function;
    if (!pci_find(VENDOR_VIRTIO, DEVICE_CONSOLE, &function)) {
        return false;
    }
    pci_enable(function);
    io_base = pci_io_base(function);
    return io_base != 0 && start_device();
}

bool virtio_port_is_idle(void)
{
    return transmit.used->idx == transmit.avail->idx;
}

void virtio_port_send(const void *bytes, uint32_t n)
{
    queue_send(&transmit, bytes, n);
}
