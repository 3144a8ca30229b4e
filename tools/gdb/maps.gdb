# vm-map [MAP]: prints the areas of a map, ascending; without MAP that of the running process.

define vm-map
  if $argc == 1
    set $map = (struct vm_map *)($arg0)
  else
    set $map = process_running ? process_running->memory.map : (struct vm_map *)0
  end
  if !$map
    printf "no process runs\n"
  else
    printf "%u areas, %u pages, %u resident\n", $map->areas.in_use, $map->size_pages, $map->rss_pages
    set $area = $map->tree.first
    while $area
      printf "%08x-%08x %c%c%c account %u flags %04x object %08x offset %llx\n", $area->start, \
        $area->end, $area->prot & 1 ? 'r' : '-', $area->prot & 2 ? 'w' : '-', \
        $area->prot & 4 ? 'x' : '-', $area->account, $area->flags, $area->object, $area->offset
      set $area = $area->next
    end
  end
end
document vm-map
vm-map [MAP]: the areas of an address space; without MAP that of the running process.
end
