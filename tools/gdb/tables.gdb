# pt VA: walks the page tables of the current address space and says where the walk ends.
#
# The tables are read through the direct map, which holds every table page (low memory only).

define pt_read
  # $arg0: physical address of an entry; leaves it in $entry
  set $entry = *(unsigned long long *)(unsigned long)($arg0 + 0xC0000000)
end

define pt_show
  printf "%s[%3u]  %016llx ", $arg0, $arg1, $entry
  if $entry & 1
    printf " present"
    if $entry & 2
      printf " write"
    end
    if $entry & 4
      printf " user"
    end
    if $entry & 0x20
      printf " accessed"
    end
    if $entry & 0x40
      printf " dirty"
    end
    if $entry & 0x80
      printf " large"
    end
    if $entry & 0x100
      printf " global"
    end
    if $entry >> 63
      printf " no-exec"
    end
  else
    printf " not present"
  end
  printf "\n"
end

define pt
  set $va = (unsigned long)$arg0
  pt_read ($cr3 & 0xFFFFFFE0)+8*($va>>30)
  pt_show "pdpt " $va>>30
  if $entry & 1
    pt_read ($entry & 0xFFFFFF000)+8*(($va>>21)&511)
    pt_show "dir  " ($va>>21)&511
    if $entry & 0x80
      printf "physical %llx\n", ($entry & 0xFFFE00000) + ($va & 0x1FFFFF)
    else
      if $entry & 1
        pt_read ($entry & 0xFFFFFF000)+8*(($va>>12)&511)
        pt_show "table" ($va>>12)&511
        if $entry & 1
          printf "physical %llx\n", ($entry & 0xFFFFFF000) + ($va & 0xFFF)
        end
      end
    end
  end
end
document pt
pt VA: the page-table chain of a virtual address in the current address space, level by level.
end
