package Faultline::Ustar;

# Writes ustar archives. The initrd of `faultline run` is the built one plus the program, its files
# and its arguments. Not calling tar saves a process per run, and file names from the host never
# become part of a command line.

use strict;
use warnings;

use constant BLOCK => 512;
use constant NAME_MAX => 100;    # the name field; only directories could use the prefix

# Returns one member. A name too long for the header is an error, never truncated.
sub member {
    my ($name, $mode, $bytes) = @_;
    die "name is longer than " . NAME_MAX . " bytes: $name\n" if length $name > NAME_MAX;
    my $header = header($name, $mode, length $bytes);
    return $header . $bytes . "\0" x (-length($bytes) % BLOCK);
}

# POSIX.1-1988 ustar header. The checksum is the sum of all bytes, its own field taken as spaces.
sub header {
    my ($name, $mode, $size) = @_;
    my $time = 1577836800;       # 2020-01-01, as in the built initrd, so that runs are identical
    my $head = pack 'a100 a8 a8 a8 a12 a12 A8 a1 a100 a6 a2 a32 a32 a8 a8 a155 x12', $name,
        (map { sprintf '%07o', $_ } $mode & 07777, 0, 0), sprintf('%011o', $size),
        sprintf('%011o', $time), '', '0', '', 'ustar', '00', 'root', 'root', '0000000', '0000000',
        '';
    substr $head, 148, 8, sprintf("%06o\0 ", unpack '%32C*', $head);
    return $head;
}

# Returns the archive's members without its end marker, so that more can follow.
sub without_end {
    my ($archive) = @_;
    my $at = 0;
    while ($at + BLOCK <= length $archive && substr($archive, $at, 1) ne "\0") {
        my $size = oct unpack 'A11', substr $archive, $at + 124, 11;
        $at += BLOCK + $size + (-$size % BLOCK);
    }
    return substr $archive, 0, $at;
}

sub end_marker { return "\0" x (2 * BLOCK) }

1;
