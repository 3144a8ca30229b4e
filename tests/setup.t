#!/usr/bin/env perl
# tools/setup on machines that lack something: dpkg-query, apt-get, id and sudo are replaced by small
# programs that say what the case needs and write down what was asked of them.
use strict;
use warnings;
use File::Temp ();
use FindBin ();
use Test::More;

my $setup = "$FindBin::RealBin/../tools/setup";

# What makes "programs for 32 bits": a script instead, or something that the kernel does not know.
sub compiler_of {
    my ($makes_foreign) = @_;
    my $program = $makes_foreign ? '\177ELF\003' : '#!/bin/sh\n';
    return "for last; do :; done\nprintf '$program' >\$last\nchmod 755 \$last";
}

# Options: missing (packages), uid, sudo (0 or 1), apt_status, no_32 (1: the kernel runs no programs for
# 32 bits), host32 (the variable). Gives status, output, what apt-get got.
sub run_setup {
    my ($target, %option) = @_;
    my $folder = File::Temp->newdir;
    my $missing = join '|', @{$option{missing} // []}, 'nothing';
    my %program = (
        'dpkg-query' => "for last; do :; done\ncase \$last in $missing) exit 1 ;; esac\necho installed",
        'apt-get' => "echo \"\$*\" >>$folder/asked\nexit " . ($option{apt_status} // 0),
        id => 'echo ' . ($option{uid} // 0),
        gcc => compiler_of($option{no_32}),
    );
    $program{sudo} = "echo sudo >>$folder/asked\nexec \"\$@\"" if $option{sudo};
    for my $name (keys %program) {
        open my $out, '>', "$folder/$name" or die "$name: $!\n";
        print {$out} "#!/bin/sh\n$program{$name}\n";
        close $out or die "$name: $!\n";
        chmod 0755, "$folder/$name";
    }
    # Everything else the script uses, without the machine's own sudo.
    symlink "/usr/bin/$_", "$folder/$_" 
        for qw(bash env mktemp tail rm cat head sed chmod);
    symlink '/bin/sh', "$folder/sh";
    local $ENV{HOST32} = $option{host32} // '';
    my $output = `PATH=$folder /bin/sh $setup $target 2>&1`;
    my $status = $? >> 8;
    open my $in, '<', "$folder/asked" or return ($status, $output, '');
    local $/;
    return ($status, $output, <$in>);
}

my ($status, $output, $asked) = run_setup('run');
is_deeply [$status, $output, $asked], [0, '', ''], 'everything there: nothing is said or done';

my $install = 'install -y --no-install-recommends nasm xorriso';
($status, $output, $asked) = run_setup('run', missing => [qw(xorriso nasm)]);
is $status, 0, 'root: succeeds';
is $output, "setup: installing nasm xorriso\n", 'root: says what it installs';
is $asked, "update\n$install\n", 'root: asks apt for just that';

($status, $output, $asked) = run_setup('run', missing => ['nasm'], uid => 1000, sudo => 1);
is $status, 0, 'sudo: succeeds';
like $asked, qr/\Asudo\nupdate\nsudo\ninstall .* nasm\n\z/, 'sudo: is used for both steps';

($status, $output, $asked) = run_setup('run', missing => [qw(nasm xorriso)], uid => 1000);
is $status, 1, 'neither: fails';
like $output, qr/^  apt-get update && apt-get \Q$install\E$/m, 'neither: the exact line is printed';
is $asked, '', 'neither: apt is not asked';

($status, $output) = run_setup('run', missing => ['nasm'], apt_status => 100);
is $status, 1, 'apt fails: so does setup';
like $output, qr/^setup: apt-get failed/m, 'apt fails: it is said';

($status, $output) = run_setup('run', missing => ['clang']);
is_deeply [$status, $output], [0, ''], 'make run does not need clang';
($status, $output, $asked) = run_setup('test', missing => ['clang']);
like $asked, qr/ clang$/m, 'make test does';

# ---- Programs for 32 bits --------------------------------------------------------------------------

my @emulator = (missing => ['qemu-user']);
is_deeply [run_setup('test', @emulator)], [0, '', ''], 'a host that runs i386 programs needs no emulator';
($status, $output, $asked) = run_setup('test', @emulator, no_32 => 1);
is_deeply [$status, $output], [0, "setup: installing qemu-user\n"], 'a host that does not run i386 programs gets the emulator';
is_deeply [run_setup('test', no_32 => 1)], [0, '', ''], 'the emulator is installed once';
is_deeply [run_setup('run', @emulator, no_32 => 1)], [0, '', ''], 'make run needs no emulator';
(undef, undef, $asked) = run_setup('test', @emulator, host32 => 'emulated');
like $asked, qr/ qemu-user$/m, 'HOST32=emulated asks for the emulator';
is_deeply [run_setup('test', @emulator, no_32 => 1, host32 => 'native')], [0, '', ''],
    'HOST32=native does not ask for the emulator';
($status, $output) = run_setup('test', host32 => 'nonsense');
is $status, 1, 'another value of HOST32 is an error';
like $output, qr/HOST32 is native or emulated, not nonsense/, 'another value of HOST32 is named';

# The same with the machine's own compiler, and with the one above before it.
sub explanation {
    my (%option) = @_;
    my $folder = File::Temp->newdir;
    if ($option{no_32}) {
        open my $out, '>', "$folder/gcc" or die "gcc: $!\n";
        print {$out} "#!/bin/sh\n" . compiler_of(1);
        close $out or die "gcc: $!\n";
        chmod 0755, "$folder/gcc";
    }
    local $ENV{HOST32} = $option{host32} // '';
    local $ENV{PATH} = "$folder:$ENV{PATH}";
    return scalar `$FindBin::RealBin/../tools/host32 --explain 2>&1`;
}

like explanation(), qr/^32-bit host tests: (?:native \(|emulated \(a program for 32 bits ended with)/,
    'the way of this host is found';
like explanation(no_32 => 1),
    qr/^32-bit host tests: emulated \(a program for 32 bits ended with status 126: .*Exec format error\)$/,
    'a host that cannot run them emulates';
is explanation(host32 => $_), "32-bit host tests: $_ (HOST32=$_)\n", "HOST32=$_ decides"
    for qw(native emulated);

is +(run_setup('nonsense'))[0], 2, 'another target is an error';

done_testing;
