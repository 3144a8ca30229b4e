#!/usr/bin/env perl
# Bad input at boot (bad-input, section 8), beyond what boot.t has: every memory size near the least,
# odd and large ones, loaders that lie (tests/boot/guests/loader.asm), broken archives and command
# lines, a machine without serial ports.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Boots qw(boot_build boot_kernel typed show ends_well says refuses);
use Faultline::Boot qw(boot);
use Faultline::Machine;
use Faultline::Ustar;
use Files qw($root $build $folder read_file write_file);
use Guests qw(assemble);
use Test::More;

my $prompt = qr/^faultline> \z/m;
my $sum = qr/^User _start return value = 2048\nTotal page faults: 3\nPages Allocated: 3\n/m;

# ---- Memory (B2, B3, B4) --------------------------------------------------------------------------

# From 2 to 8 MiB, and sizes that are no multiples of anything. Whatever works must work fully.
my @works;
for my $kib (map({ $_ * 1024 } 2 .. 8), 4100, 5000, 6172, 7000, 8191) {
    my $result = boot_kernel(mem => "${kib}K", append => 'run=/bin/sum', timeout => 20);
    if ($result->{status} == 33) {
        says $result, $sum, "B2 $kib KiB: works, and runs a program";
        push @works, $kib;
    } else {
        refuses $result, qr/needs at least \d+ KiB of memory, found \d+ KiB|no initrd: the initrd lies outside usable memory/,
            "B2 $kib KiB";
    }
}
ok((grep { $_ == 8192 } @works), 'B2 8 MiB are enough');

for my $case (['9001K'], ['12345K'], ['100003K'], ['2047M'], ['3000M'], ['3584M'], ['4095M'],
    ['4096M'], ['8192M'], ['3584M', 'qemu32'], ['6144M', 'qemu32'], ['1000M', 'pentium3'])
{
    my ($size, $cpu) = @$case;
    my $name = "B3 $size" . ($cpu ? " on $cpu" : '');
    my ($number, $unit) = $size =~ /(\d+)(.)/;
    my $kib = $unit eq 'K' ? $number : $number * 1024;
    my $result = boot_kernel(mem => $size, cpu => $cpu // 'max', append => 'run=/bin/sum');
    ends_well $result, $name;
    says $result, $sum, "$name: runs a program";
    my ($found, $free) = $result->{output} =~ /^memory: (\d+) KiB found, (\d+) KiB free/m;
    # 32 address bits: what lies behind the hole for devices cannot be reached.
    my $most = $cpu && $kib > 3 << 20 ? 3584 * 1024 : $kib;
    my $least = $cpu && $kib > 3 << 20 ? 3000 * 1024 : $kib - 2048;
    ok $found <= $most && $found >= $least, "$name: is all found ($found KiB)";
    # The frame table takes a 256th of the memory with its hole below 4 GiB, the rest less than 4 MiB.
    ok $free >= $found - ($kib + (1 << 20)) / 256 - 4096, "$name: nearly all is free ($free KiB)";
}
says boot_kernel(mem => '6144M', cpu => 'qemu32', append => 'run=/bin/sum'),
    qr/^memory: \d+ MiB lie beyond this CPU's 32 address bits: not used$/m, 'B4 the rest is named';

# ---- Loaders that lie (B1, B5, B6, B7, B8) --------------------------------------------------------

# Boots through the loader with what it is told to say.
sub lie {
    my ($define, %option) = @_;
    my $loader = assemble($root, "$folder", 'loader', at => 0xC00000, define => $define);
    return boot(kernel => $loader, initrd => "$build/faultline.elf,$build/initrd.tar",
        timeout => 30, append => 'exit=qemu panic=halt', %option);
}

my $honest = lie([], append => 'exit=qemu run=/bin/sum');
ends_well $honest, 'an honest loader';
says $honest, $sum, 'an honest loader: runs a program';

# Its command line is not looked at, so nobody has asked for the panic status: it halts.
for my $magic ('0x2BADB003', '0', '0x36d76289') {
    my $wrong = lie(["MAGIC=$magic"], until => qr/not started by a multiboot 1 loader/);
    is $wrong->{outcome}, 'matched', "B1 wrong multiboot magic $magic: is named, on a halt"
        or show($wrong);
}
my $far = lie(['INFO=0x2000000'], until => qr/boot loader: .*information lies above 16 MiB/);
is $far->{outcome}, 'matched', 'B1 an information structure out of reach' or show($far);
refuses lie(['FLAGS=0x0C']), qr/boot loader: .*gave no memory map/, 'B1 no memory map';
refuses lie(['RESERVED_MAP']), qr/no usable memory above 1 MiB/, 'B1 a map without memory';
refuses lie(['MMAP_AT=0x2000000']), qr/memory map lies above 16 MiB/, 'B1 a map out of reach';
refuses lie(['MMAP_LENGTH=0']), qr/no usable memory above 1 MiB/, 'B1 an empty map';
refuses lie(['MMAP_LENGTH=0xFFFFFFFF']), qr/memory map lies above 16 MiB/, 'B1 a map without end';

my $odd = lie(['ODD_MAP'], append => 'exit=qemu run=/bin/sum');
ends_well $odd, 'B5 a map unsorted, overlapping, wrapping';
says $odd, $sum, 'B5 runs a program';
my $pages = 95 * 256 - 5;
says $odd, qr/^memory: ${\($pages * 4)} KiB found/m, 'B5 usable is what is said once and not denied';
says $odd, qr/^memory map: 1 entries ignored$/m, 'B5 the entry that wraps is named';

refuses lie(['MODS_COUNT=0']), qr/no initrd: the boot loader gave no module/, 'B7 no module';
refuses lie(['MODS_AT=0xFFFFFFF0']), qr/no initrd: .*module list lies above 16 MiB/,
    'B7 a module list out of reach';
refuses lie(['MODULE_START=0x2000000', 'MODULE_END=0x2000000']), qr/no initrd: the initrd is empty/,
    'B7 an empty module';
refuses lie(['MODULE_START=0x2000000', 'MODULE_END=0x1FFFFFF']), qr/no initrd: the initrd ends before/,
    'B7 a module that ends before it starts';
refuses lie(['MODULE_START=0x2000000', 'MODULE_END=0x8000001']),
    qr/no initrd: the initrd lies outside usable memory/, 'B7 a module that ends beyond memory';
refuses lie(['MODULE_START=0xFFFFF000', 'MODULE_END=0xFFFFFFFF']),
    qr/no initrd: the initrd lies outside usable memory/, 'B7 a module in the last page';
refuses lie(['MODULE_START=0', 'MODULE_END=0x1000']), qr/no initrd: the initrd lies outside/,
    'B7 a module in low memory';
# What the loader put into the kernel's place is lost; what is there is no archive.
refuses lie(['MODULE_START=0x100000', 'MODULE_END=0x110000']), qr/no initrd: /,
    'B6 a module in the kernel\'s place';
# All of memory is the module: nothing would be left.
refuses lie(['MODULE_START=0x200000', 'MODULE_END=0x7F00000']), qr/needs at least|no init/,
    'B6 a module that takes all memory';

refuses boot_kernel(mem => '4M', initrd => write_file('seven', "\0" x (7 << 20))),
    qr/no initrd: the initrd lies outside usable memory|needs at least/, 'B7 4 MiB, and a module of 7';
my $arguments = boot_kernel(initrd => "$build/initrd.tar root=/ run=/bin/hello ro",
    append => 'run=/bin/sum');
ends_well $arguments, 'B8 a module with arguments';
says $arguments, $sum, 'B8 they are not the kernel\'s';
my $many = boot_kernel(initrd => join(',', ("$build/initrd.tar") x 6), append => 'run=/bin/sum');
ends_well $many, 'B8 six modules';
says $many, qr/^5 boot modules? after the initrd ignored$/m, 'B8 five are named and ignored';

# ---- Archives (B9) --------------------------------------------------------------------------------

my $good = Faultline::Ustar::without_end(read_file("$build/initrd.tar"));
my $end = Faultline::Ustar::end_marker();
sub member { return Faultline::Ustar::member($_[0], $_[2] // 0644, $_[1] // '') }

# A header with a field changed and its sum made right again; type '2' and a target: a link.
sub patched {
    my ($member, $at, $bytes) = @_;
    substr $member, $at, length $bytes, $bytes;
    substr $member, 148, 8, ' ' x 8;
    substr $member, 148, 8, sprintf "%06o\0 ", unpack '%32C*', substr $member, 0, 512;
    return $member;
}
use constant { NAME => 0, SIZE => 124, SUM => 148, TYPE => 156, LINK => 157 };
sub symlink_to { return patched(patched(member($_[0]), TYPE, '2'), LINK, $_[1]) }

# After the good ones comes the bad one; the line, and everything works.
for my $case (
    ['garbage between members', join('', map { chr $_ % 255 + 1 } 1 .. 2048), qr/bad checksum/],
    ['a wrong checksum', do { my $m = member('x'); substr $m, SUM, 6, '000000'; $m }, qr/bad checksum/],
    ['a size of letters', patched(member('x'), SIZE, 'zzzzzzzzzzz'), qr/"x".*bad size field/],
    ['a negative size', patched(member('x'), SIZE, "\xFF" x 12), qr/"x".*bad size field/],
    ['a huge size', patched(member('x'), SIZE, '77777777777'), qr/"x".*(?:bad size field|ends past the end)/],
    ['a size past the end', patched(member('x'), SIZE, '00010000000'), qr/"x".*ends past the end/],
    ['a path upward', member('../x'), qr/"\.\.\/x".*leads upward/],
    ['a path upward in the middle', member('bin/../../x'), qr/leads upward/],
    ['an absolute path', member('/x'), qr/"\/x".*absolute/],
    ['no name', member(''), qr/has no name/],
    ['a name without end', patched(member('x'), NAME, 'y' x 100), undef],
    ['a duplicate', member('d', 'one') . member('d', 'two'), qr/"d".*came before/],
    ['a file in the place of a folder', member('bin'), qr/"bin".*another kind/],
    ['a file under a file', member('f', 'one') . member('f/g', 'two'), qr/"f\/g".*not a directory/],
    ['links in a circle', symlink_to('l', 'm') . symlink_to('m', 'l') . symlink_to('n', 'n'), undef],
    ['a device', patched(member('dev0'), TYPE, '3'), qr/"dev0".*not taken/],
    ['an unknown kind', patched(member('x'), TYPE, 'Z'), qr/"x".*unknown kind/],
) {
    my ($name, $bytes, $line) = @$case;
    my $result = boot_kernel(initrd => write_file('tar', "$good$bytes$end"), append => 'run=/bin/sum');
    ends_well $result, "B9 $name";
    says $result, $sum, "B9 $name: what came before it works";
    if (defined $line) {
        says $result, qr/^initrd: member .*$line/m, "B9 $name: is named";
    } else {
        unlike $result->{output}, qr/^initrd: member/m, "B9 $name: is nothing to complain about";
    }
}
my $no_end = boot_kernel(initrd => write_file('tar', $good), append => 'run=/bin/sum');
ends_well $no_end, 'B9 no end marker';
says $no_end, $sum, 'B9 no end marker: all is there';

refuses boot_kernel(initrd => write_file('tar', join '', map { chr(($_ * 7919 + ($_ >> 3)) % 251) }
    1 .. 100_000)), qr/no initrd: not a tar archive/, 'B9 garbage';
refuses boot_kernel(initrd => write_file('tar', 'x')), qr/no initrd: not a tar archive/, 'B9 one byte';
for my $cut (1, 511, 512, 513, 1023, 1024, 5000) {
    my $result = boot_kernel(initrd => write_file('tar', substr $good, 0, $cut), timeout => 20);
    refuses $result, qr/no initrd: not a tar archive|no init: /, "B9 cut after $cut bytes";
}
for my $part (0.3, 0.6, 0.95) {
    my $cut = int(length($good) * $part);
    my $result = boot_kernel(initrd => write_file('tar', substr $good, 0, $cut), timeout => 20, typed('off'));
    ok $result->{status} == 33 || $result->{status} == 35, "B9 cut after $cut bytes: comes to an end"
        or show($result);
    says $result, qr/initrd: member .*ends past the end|the archive is cut|no init: /, "B9 cut after $cut bytes: the damage is named";
}
{
    my $empty = Faultline::Ustar::member('many/000000', 0644, '');
    my $bytes = join '', map { patched($empty, NAME, sprintf 'many/%06d', $_) } 1 .. 100_000;
    my $result = boot_kernel(initrd => write_file('tar', "$good$bytes$end"), mem => '256M',
        append => 'run=/bin/sum');
    ends_well $result, 'B9 100 000 entries';
    says $result, qr/^initrd: 1000\d\d files and directories/m, 'B9 100 000 entries: all are there';
    # Too many for the memory there is: their nodes do not fit behind the module.
    $result = boot_kernel(initrd => write_file('tar', "$good$bytes$end"), mem => '60M', typed('off'));
    refuses $result, qr/no initrd: out of memory|needs at least/, 'B9 100 000 entries and no room for them';
}

# ---- The command line (B10) -----------------------------------------------------------------------

my $empty = boot_build(until => $prompt);
is $empty->{outcome}, 'matched', 'B10 no command line: the prompt comes' or show($empty);
$empty = boot_build(append => '', until => $prompt);
is $empty->{outcome}, 'matched', 'B10 an empty command line' or show($empty);
for my $length (4000, 4096, 5000, 20000) {
    my $line = 'exit=qemu run=/bin/sum ';
    $line .= 'x' x ($length - length $line);
    my $result = boot_build(append => $line);
    ends_well $result, "B10 a command line of $length bytes";
    says $result, $sum, "B10 $length bytes: its beginning counts";
    says $result, qr/^command line cut after 4095 bytes$/m, "B10 $length bytes: the cut is named"
        if $length >= 4096;
}
my $endless = lie(['LONG_CMDLINE'], typed('off'));
ends_well $endless, 'B10 a command line without end';
says $endless, qr/^command line cut after 4095 bytes$/m, 'B10 without end: the cut is named';
my $wild = lie(['CMDLINE=0xFFFFFFF0'], until => $prompt);
is $wild->{outcome}, 'matched', 'B10 a command line out of reach counts as none' or show($wild);
my $words = boot_kernel(append => join(' ', map { "key$_=1" } 1 .. 300) . ' run=/bin/sum');
ends_well $words, 'B10 300 unknown keys';
says $words, $sum, 'B10 300 unknown keys: the known one behind them counts';
for my $bad (qw(policy=x policy= exit=no panic=no mem=x mem=1 mem=99999999999G overcommit=3 seed=x
    failframe=-1 trace=2 console=lpt loglevel=9))
{
    my $result = boot_kernel(append => "$bad run=/bin/sum");
    if ($bad eq 'mem=1') {
        refuses $result, qr/needs at least \d+ KiB of memory, found 0 KiB/, "B10 $bad";
        next;
    }
    ends_well $result, "B10 $bad";
    says $result, qr/\Q$bad\E/, "B10 $bad: is named";
    says $result, $sum, "B10 $bad: and has no effect";
}
my @broken = (['init=bin/init', undef], ['init=', undef], ['init=/bin', 'no init: /bin: '],
    ['init=/elf/cut-200', 'no init: /elf/cut-200: segment lies outside the file'],
    ['init=/elf/type-3', 'no init: /elf/type-3: not an executable'],
    ['init=/elf/interp-missing', 'no init: /elf/interp-missing: needs a dynamic loader'],
    ['init=/elf/no-permission', 'no init: /elf/no-permission: '],
    ['init=/elf/link-loop', 'no init: /elf/link-loop: '], ['init=/elf/script', 'no init: /elf/script: too short'],
    ['init=/' . 'x' x 3000, 'no init: /xxx']);
for my $case (@broken) {
    my ($option, $wanted) = @$case;
    my $result = boot_kernel(initrd => "$build/initrd-tests.tar", append => $option, typed('off'));
    my $name = 'B10 ' . substr $option, 0, 40;
    if (defined $wanted) {
        refuses $result, qr/\Q$wanted\E/, $name;
    } else {
        ok $result->{status} == 33 || $result->{output} =~ /no init/, "$name: works or is named"
            or show($result);
    }
}
# Process 1 is one that ends, or dies: the machine has nothing left to do, and says so.
for my $name ('tiny', 'entry-0') {
    refuses boot_kernel(initrd => "$build/initrd-tests.tar", append => "init=/elf/$name"),
        qr/panic.*init|init.*(?:ended|died|killed|exit)/i, "B10 init=/elf/$name, which does not stay";
}

# ---- Devices (B13) --------------------------------------------------------------------------------

# No serial port at all, with and without a VGA card: nothing can be said, and nobody waits.
for my $case (['no VGA card', '-vga', 'none'], ['a VGA card', '-vga', 'std']) {
    my ($name, @vga) = @$case;
    for my $console ('console=serial', 'console=vga', 'console=run') {
        my $status = system('timeout', '60', 'qemu-system-i386',
            Faultline::Machine::base_arguments(), '-cpu', 'max', '-m', '64M', '-serial', 'none', @vga,
            '-kernel', "$build/faultline.elf", '-initrd', "$build/initrd.tar",
            '-append', "exit=qemu run=/bin/sum $console");
        is $status >> 8, 33, "B13 no serial port, $name, $console: ends well";
    }
}

done_testing;
