# frames: prints how many physical frames each owner holds. frame-of PFN: prints one frame record.

define frames
  printf "usable %u\n", frame_total
  printf "free   %u\n", free_count
  printf "kernel %u\n", held[FRAME_KERNEL]
  printf "slab   %u\n", held[FRAME_SLAB]
  printf "table  %u\n", held[FRAME_TABLE]
  printf "stack  %u\n", held[FRAME_STACK]
  printf "user   %u\n", held[FRAME_USER]
  printf "cache  %u\n", held[FRAME_CACHE]
end
document frames
frames: how many physical frames each owner holds, and how many are free.
end

define frame-of
  print frame_table[$arg0]
end
document frame-of
frame-of PFN: the record of one frame.
end
