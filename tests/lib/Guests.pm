package Guests;

# Assembles the tiny guests of tests/boot/guests/.

use strict;
use warnings;
use Exporter qw(import);

our @EXPORT_OK = qw(assemble);

# Gives the path of a bootable ELF file in $folder.
sub assemble {
    my ($root, $folder, $name) = @_;
    my $sources = "$root/tests/boot/guests";
    my $elf = "$folder/$name.elf";
    system('nasm', '-f', 'elf32', '-I', "$sources/", '-o', "$elf.o", "$sources/$name.asm") == 0
        or die "nasm failed on $name.asm\n";
    system('ld', '-m', 'elf_i386', '-Ttext', '0x100000', '-o', $elf, "$elf.o") == 0
        or die "ld failed on $name\n";
    return $elf;
}

1;
