/* What areas are called: in maps, in crash lines and on the panic screen. */
#ifndef MM_AREA_NAME_H
#define MM_AREA_NAME_H

#include <stdint.h>

struct vm_area_info;
struct vm_map;

/* Returns the kind of memory in one word: "image", "stack", "heap", "anonymous" or "file". */
const char *area_kind_word(const struct vm_area_info *area);

/* Writes the area's name into buf, cut at size: "[stack]", "[heap]", the path of the mapped file,
 * or "" for anonymous memory. `area` is as vm_map_area_of() returned it, and the map is unchanged
 * since. */
void area_name(struct vm_map *map, const struct vm_area_info *area, char *buf, uint32_t size);

#endif
