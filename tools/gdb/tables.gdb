# pt VA: walks the page tables of the current address space and says where the walk ends.
#
# Reads the tables through the direct map, which holds every page table (low memory only). gdb's
# commands have no local variables and split their arguments at blanks, hence $pt_... everywhere.

# Prints the entry at physical address $pt_at as one line; $pt_slot is its index.
define pt_entry
  set $pt_entry = *(unsigned long long *)(unsigned long)($pt_at + 8 * $pt_slot + 0xC0000000)
  printf "[%3u] %016llx", $pt_slot, $pt_entry
  if $pt_entry & 1
    printf " present"
    if $pt_entry & 2
      printf " write"
    end
    if $pt_entry & 4
      printf " user"
    end
    if $pt_entry & 0x20
      printf " accessed"
    end
    if $pt_entry & 0x40
      printf " dirty"
    end
    if $pt_entry & 0x80
      printf " large"
    end
    if $pt_entry & 0x100
      printf " global"
    end
    if $pt_entry >> 63
      printf " no-exec"
    end
  else
    printf " not present"
  end
  printf "\n"
end

define pt_in_table
  set $pt_at = $pt_entry & 0xFFFFFF000
  set $pt_slot = ($pt_va >> 12) & 511
  printf "table     "
  pt_entry
  if $pt_entry & 1
    printf "physical   %llx\n", ($pt_entry & 0xFFFFFF000) + ($pt_va & 0xFFF)
  end
end

define pt_in_directory
  set $pt_at = $pt_entry & 0xFFFFFF000
  set $pt_slot = ($pt_va >> 21) & 511
  printf "directory "
  pt_entry
  if ($pt_entry & 0x81) == 0x81
    printf "physical   %llx\n", ($pt_entry & 0xFFFE00000) + ($pt_va & 0x1FFFFF)
  end
  if ($pt_entry & 0x81) == 1
    pt_in_table
  end
end

define pt
  set $pt_va = (unsigned long)$arg0
  set $pt_at = $cr3 & 0xFFFFFFE0
  set $pt_slot = $pt_va >> 30
  printf "pointers  "
  pt_entry
  if $pt_entry & 1
    pt_in_directory
  end
end
document pt
pt VA: the page-table chain of a virtual address in the current address space, level by level.
end
