#!/usr/bin/env perl
# The kernel on machines of every kind: from the CD image and directly, with each CPU model, with
# little and much memory, and with boot loaders' mistakes (bad-input, section 8).
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Boots qw(boot_build boot_kernel typed show ends_well says refuses);
use Files qw($root $build $folder read_file write_file);
use Faultline::Boot qw(boot);
use Test::More;

my $prompt = qr/^faultline> \z/m;
$Boots::timeout = 120;

# ---- The two ways to boot -------------------------------------------------------------------------

my $sum = qr/^User _start return value = 2048\nTotal page faults: 3\nPages Allocated: 3\nTotal fragmentation \(in KB\): 7\.8887KB$/m;

my $iso = boot(iso => "$build/faultline.iso", timeout => 120, typed('help', 'run sum', 'mem'),
    until => $prompt);
is $iso->{outcome}, 'matched', 'the CD image boots to the prompt' or show($iso);
says $iso, $sum, 'the prompt runs a program and reports it';
like $iso->{raw}, qr/faultline> /, 'the prompt is on the serial port';
$iso = boot(iso => "$build/faultline.iso", timeout => 120, typed('off'));
is $iso->{outcome}, 'ended', 'the prompt powers the machine off' or show($iso);

my $direct = boot_kernel(typed('ls', 'run --policy segment sum', 'maps', 'off'));
ends_well $direct, 'boot by -kernel';
says $direct, qr/^Pages Allocated: 4$/m, 'the prompt takes a policy';
says $direct, qr/\bhello\b/, 'the prompt lists programs';
says $direct, qr/\[stack\]/, 'the prompt shows maps';

# A program's settings of the terminal end with it.
mkdir "$folder/bin" or die "$folder/bin: $!\n";
system("$root/faultline cc -I$root/tests/cases $root/tests/cases/p15_terminal_left.c -o $folder/bin/left") == 0
    && system("cp $build/initrd.tar $folder/left.tar && tar -C $folder -rf $folder/left.tar ./bin/left")
    == 0 or die "no initrd with p15_terminal_left\n";
my $left = boot_kernel(initrd => "$folder/left.tar", typed('run left', 'run sum', 'off'));
ends_well $left, 'a terminal left raw and without waiting';
says $left, $sum, 'the prompt goes on with a terminal that a program left so';

my $run = boot_kernel(append => 'run=/bin/sum');
ends_well $run, 'run=PROGRAM';
says $run, $sum, 'run=PROGRAM reports the program';

# ---- CPU models (design D2, bad-input B11) --------------------------------------------------------

for my $cpu (qw(qemu32 pentium3 Nehalem max)) {
    my $result = boot_kernel(cpu => $cpu, typed('run sum', 'run hello', 'run die_null', 'off'));
    ends_well $result, $cpu;
    says $result, $sum, "$cpu: runs a program";
    says $result, qr/^cpu: .*\bpae\b/m, "$cpu: the boot line lists what the CPU has";
}
my $no_nx = boot_kernel(cpu => 'qemu32', typed('off'));
says $no_nx, qr/^cpu: .*missing: .*\bnx\b/m, 'qemu32: the boot line says that NX is missing';
for my $lacks ('-nx', '-smep', '-smap', '-umip', '-pge', '-sse,-sse2', '-fxsr') {
    my $result = boot_kernel(cpu => "max,$lacks", typed('run sum', 'off'));
    ends_well $result, "max,$lacks";
    says $result, $sum, "max,$lacks: runs a program";
}
refuses boot_kernel(cpu => 'pentium'), qr/\bPAE\b/, 'pentium, which has no PAE';
refuses boot_kernel(cpu => '486'), qr/\b(?:PAE|CPUID)\b/, '486';

# ---- Memory (bad-input B2, B3, B4) ----------------------------------------------------------------

# Machine size in MiB -> most and least of it that may be reported as found.
for my $mib (8, 9, 16, 64, 127, 512, 3584, 5120) {
    my $result = boot_kernel(mem => "${mib}M", typed('run sum', 'mem', 'off'));
    ends_well $result, "$mib MiB";
    says $result, $sum, "$mib MiB: runs a program";
    my ($frames) = $result->{output} =~ /of (\d+) frames are free/;
    my $found = ($frames // 0) / 256;
    # The first MiB is not used, the frame table takes 16 bytes per frame, the BIOS a little.
    my $least = $mib - 1 - $mib / 128 - 2;
    ok $found <= $mib && $found >= $least, "$mib MiB: is all found ($found MiB)";
}
for my $mib (2, 3, 4, 5, 6, 7) {
    my $result = boot_kernel(mem => "${mib}M", typed('off'), timeout => 60);
    my $is_refused = $result->{status} == 35
        && $result->{output} =~ /needs at least \d+ KiB of memory, found \d+ KiB/;
    my $works = $result->{status} == 33;
    ok $is_refused || $works, "$mib MiB works or is refused by name" or show($result);
}
my $limited = boot_kernel(mem => '512M', append => 'mem=64M', typed('mem', 'off'));
says $limited, qr/ of 6[0-3]\.\d MB/, 'mem=64M limits what is used';
my $narrow = boot_kernel(mem => '5G', cpu => 'qemu32', typed('mem', 'off'));
ends_well $narrow, 'B4: 5 GiB on a CPU with 32 address bits';
says $narrow, qr/MiB lie beyond this CPU's 32 address bits: not used/, 'B4: the rest is named';

# ---- Modules (bad-input B7, B8, B9) ---------------------------------------------------------------

refuses boot_kernel(initrd => undef), qr/no initrd/, 'B7: no module';
refuses boot_kernel(initrd => write_file('text', 'no tar archive' x 100)),
    qr/no initrd: not a tar archive/, 'B9: a module that is not a tar';
refuses boot_kernel(initrd => write_file('empty', "\0" x 10240)), qr/no init/,
    'B9: an archive without members';
refuses boot_kernel(mem => '8M', initrd => write_file('big', "\0" x (9 << 20))),
    qr/no initrd: |needs at least/, 'B7: a module that does not fit into memory';
my $two = boot_kernel(initrd => "$build/initrd.tar,$build/faultline.elf", typed('off'));
ends_well $two, 'B8: a second module';
says $two, qr/1 boot modules? after the initrd ignored/, 'B8: it is named and ignored';
my $whole = read_file("$build/initrd.tar");
my $cut = boot_kernel(initrd => write_file('cut', substr $whole, 0, length($whole) - 20000),
    typed('off'));
isnt $cut->{outcome}, 'timeout', 'B9: an archive cut in the middle is answered';
like $cut->{output}, qr/initrd|no init/, 'B9: ... by name' or show($cut);

# B6: a program writes every frame that is free; whatever was not reserved would be gone afterwards.
for my $size ('16M', '128M') {
    my $full = boot_kernel(mem => $size, typed('run die_memory', 'run sum', 'ls', 'mem', 'off'));
    ends_well $full, "B6: all memory written, $size";
    says $full, qr/Out of memory: killed die_memory\[\d+\], oom_score/, "B6: ... until none was left, $size";
    says $full, $sum, "B6: kernel and initrd are as before, $size";
}

# ---- The command line (bad-input B10) -------------------------------------------------------------

my $odd = boot_kernel(append => 'nonsense=1 policy=both trace=9 loglevel=2 flag', typed('off'));
ends_well $odd, 'B10: odd command line';
says $odd, qr/nonsense/, 'B10: an unknown key is listed';
says $odd, qr/policy=both/, 'B10: a bad value is named';
says $odd, qr/trace=9/, 'B10: a second bad value is named';
ends_well boot_build(append => 'x' x 3000 . ' exit=qemu', typed('off')), 'B10: a long command line';
refuses boot_kernel(append => 'init=/nonexistent'), qr/no init: \/nonexistent/,
    'B10: init= names nothing';
refuses boot_kernel(append => 'init=/.'), qr/no init/, 'B10: init= names a folder';

# ---- Devices (bad-input B13) ----------------------------------------------------------------------

my $vga = boot_kernel(vga => 1, typed('run sum', 'off'));
ends_well $vga, 'B13: with a VGA card';
says $vga, $sum, 'B13: the serial port is the terminal beside a VGA card';

done_testing;
