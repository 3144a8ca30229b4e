# frames: how many physical frames each owner holds. frame PFN: one frame's record.

define frames_line
  printf "%-10s %u\n", $arg0, held[$arg1]
end

define frames
  printf "usable     %u\nfree       %u\n", total_count, free_count
  frames_line "kernel" FRAME_KERNEL
  frames_line "slab" FRAME_SLAB
  frames_line "table" FRAME_TABLE
  frames_line "stack" FRAME_STACK
  frames_line "user" FRAME_USER
  frames_line "cache" FRAME_CACHE
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
