package Faultline::Elf;

# Recognises the three kinds of well-made programs that Faultline does not run, so that the user
# gets a compiler command that helps. The kernel reports everything else that is wrong with a file,
# because the loader's reasons are part of its contract and must come from it.

use strict;
use warnings;

use constant {
    HEADER_32 => 52, PHDR_32 => 32,
    CLASS_64 => 2, CLASS_32 => 1, LITTLE => 1,
    TYPE_EXEC => 2, TYPE_DYN => 3, MACHINE_386 => 3, MACHINE_X86_64 => 62,
    PT_INTERP => 3,
};

# Returns undef, or (what the file is, what to do about it).
sub refusal {
    my ($bytes) = @_;
    return unless length $bytes >= HEADER_32 && substr($bytes, 0, 4) eq "\x7fELF";
    my ($class, $data) = unpack 'x4 C C', $bytes;
    my ($type, $machine) = unpack 'x16 v v', $bytes;
    return if $data != LITTLE;
    return 'a 64-bit program' if $class == CLASS_64 && $machine == MACHINE_X86_64;
    return if $class != CLASS_32 || $machine != MACHINE_386;
    return 'a position-independent program (PIE) or a shared library' if $type == TYPE_DYN;
    return 'a dynamically linked program' if $type == TYPE_EXEC && has_interpreter($bytes);
    return;
}

sub has_interpreter {
    my ($bytes) = @_;
    my ($table, $entry_size, $count) = unpack 'x28 V x10 v v', $bytes;
    return 0 if $entry_size != PHDR_32;
    for my $i (0 .. $count - 1) {
        my $at = $table + $i * PHDR_32;
        return 0 if $at + PHDR_32 > length $bytes;
        my ($type, $offset, undef, undef, $size) = unpack 'V5', substr $bytes, $at, PHDR_32;
        # The kernel reports a damaged one.
        return 1 if $type == PT_INTERP && $size > 1 && $offset + $size <= length $bytes;
    }
    return 0;
}

1;
