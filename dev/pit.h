/* The 8253/8254 timer: the system's only clock interrupt, and a stopwatch for start-up. */
#ifndef DEV_PIT_H
#define DEV_PIT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"

#define PIT_INPUT_HZ         1193182u
#define PIT_TICKS_PER_SECOND 100u
#define PIT_DIVISOR          ((PIT_INPUT_HZ + PIT_TICKS_PER_SECOND / 2) / PIT_TICKS_PER_SECOND)

/* Starts IRQ 0 at PIT_TICKS_PER_SECOND. The PIC masks it until pic_unmask. */
void pit_init(void);

/* Starts the stopwatch, which is channel 2, the speaker's, without its sound. */
void pit_stopwatch_start(void);
/* Stores the periods of PIT_INPUT_HZ since the start in *periods. Returns false if they were more
 * than 16 bits hold, 55 ms, and the stopwatch must be started again. */
must_check bool pit_stopwatch_read(uint32_t *periods);

#endif
