package Guests;

# Assembles the tiny guests of tests/boot/guests/.

use strict;
use warnings;
use Exporter qw(import);

our @EXPORT_OK = qw(assemble);

# Gives the path of a bootable ELF file in $folder. at: where it is linked; define: nasm's -D.
sub assemble {
    my ($root, $folder, $name, %option) = @_;
    my $sources = "$root/tests/boot/guests";
    my $elf = "$folder/$name.elf";
    my @defines = map { "-D$_" } @{$option{define} // []};
    system('nasm', '-f', 'elf32', '-I', "$sources/", @defines, '-o', "$elf.o",
        "$sources/$name.asm") == 0 or die "nasm failed on $name.asm\n";
    my $at = sprintf '%#x', $option{at} // 0x100000;
    system('ld', '-m', 'elf_i386', '-z', 'noseparate-code', '-Ttext', $at, '-o', $elf, "$elf.o") == 0
        or die "ld failed on $name\n";
    return $elf;
}

1;
