package Faultline::Cc;

# `./faultline cc`: the C compiler with Faultline's headers and libraries in place of the host's.
#
# Our options come before the user's, so that the user's -O0, -std=c99 or -march=... wins. The
# host's headers are hidden (-nostdinc); the compiler's own (<stdarg.h>, <stddef.h>, ...) are not.

use strict;
use warnings;
use Faultline::Build;

my $usage = <<'END';
usage: ./faultline cc [GCC OPTION...] FILE.c... -o PROGRAM
Compiles a static program against Faultline's libc and its allocators. CC chooses the compiler.
END

# Options that stop before linking, and those that only query the compiler.
my $no_link = qr/\A(?:-c|-S|-E|-M|-MM|-fsyntax-only|-print-.*|-dump.*|--version|--help.*)\z/;

sub main {
    my ($root, @arguments) = @_;
    if (!@arguments) {
        print STDERR $usage;
        return 2;
    }
    my @command = eval { command($root, @arguments) };
    if (!@command) {
        print STDERR "faultline: $@";
        return 125;
    }
    { no warnings 'exec'; exec { $command[0] } @command }
    print STDERR "faultline: cannot start $command[0]: $!\n";
    return 127;
}

sub command {
    my ($root, @arguments) = @_;
    Faultline::Build::ensure($root, $_) for map { "sysroot/lib/$_" } qw(libc.a libmusl.a crt0.o);
    my $sysroot = Faultline::Build::folder($root) . '/sysroot';
    my @compiler = split ' ', $ENV{CC} // 'gcc';
    my @first = ('-m32', '-std=gnu11', '-O2', '-fno-pie', '-fno-stack-protector', '-nostdinc');
    # After the user's -I, because system folders are searched last, wherever they appear.
    my @headers = ('-isystem', "$sysroot/include", '-isystem', ask("@compiler", 'file-name=include'));
    my @compile = (@compiler, @first, @headers);
    return (@compile, @arguments) if grep { $_ =~ $no_link } @arguments;
    my @before = ('-static', '-nostdlib', '-Wl,--build-id=none', '-Wl,-z,noexecstack',
        "-L$sysroot/lib", "$sysroot/lib/crt0.o");
    # -x none: the user may have named a language, and archives are not in one.
    my @after = ((grep { /\A-x/ } @arguments) ? ('-x', 'none') : (),
        '-Wl,--start-group', (map { "$sysroot/lib/$_" } qw(libc.a libmusl.a)), '-Wl,--end-group',
        ask('gcc', 'libgcc-file-name'));
    return (@compile, @before, @arguments, @after);
}

# Returns one of the compiler's own paths.
sub ask {
    my ($compiler, $what) = @_;
    my $answer = `$compiler -m32 -print-$what` // '';
    chomp $answer;
    die "$compiler -m32 -print-$what gives no path; `make doctor` says what is missing\n"
        unless $answer =~ m{\A/};
    return $answer;
}

1;
