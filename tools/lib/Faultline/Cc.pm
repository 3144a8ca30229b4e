package Faultline::Cc;

# `./faultline cc`: the C compiler with Faultline's headers and libraries in place of the host's.
#
# Our options come before the user's, so that the user's -O0, -std=c99 or -march=... wins. The
# host's headers are hidden (-nostdinc); the compiler's own (<stdarg.h>, <stddef.h>, ...) are not.
#
# With --libc musl the C library is Debian's musl for i386, for programs that need more of it than
# ours has, and the project's allocators and <vm.h> are those of liballoc-musl.a.

use strict;
use warnings;
use Faultline::Build;

my $usage = <<'END';
usage: ./faultline cc [--libc faultline|musl] [GCC OPTION...] FILE.c... -o PROGRAM
Compiles a static program against Faultline's libc, or musl, and Faultline's allocators. CC chooses
the compiler.
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
    my $libc = take_libc(\@arguments);
    my $sysroot = sysroot($root);
    my @compiler = split ' ', $ENV{CC} // 'gcc';
    my @first = ('-m32', '-std=gnu11', '-O2', '-fno-pie', '-fno-stack-protector', '-nostdinc');
    my $part = $libc eq 'musl' ? musl($root, $sysroot) : ours($sysroot);
    # After the user's -I, because system folders are searched last, wherever they appear.
    my @headers = ('-isystem', $part->{include}, '-isystem', ask("@compiler", 'file-name=include'),
        map { ('-idirafter', $_) } @{$part->{more_include}});
    my @compile = (@compiler, @first, @headers);
    return (@compile, @arguments) if grep { $_ =~ $no_link } @arguments;
    my @before = ('-static', '-nostdlib', '-no-pie', '-Wl,--build-id=none', '-Wl,-z,noexecstack',
        "-L$sysroot/lib", @{$part->{first}});
    # -x none: the user may have named a language, and archives are not in one.
    my @after = ((grep { /\A-x/ } @arguments) ? ('-x', 'none') : (),
        '-Wl,--start-group', @{$part->{libraries}}, '-Wl,--end-group',
        ask('gcc', 'libgcc-file-name'), @{$part->{last}});
    return (@compile, @before, @arguments, @after);
}

# Takes --libc out of the arguments. Returns its value.
sub take_libc {
    my ($arguments) = @_;
    my ($at) = grep { $arguments->[$_] =~ /\A--libc(?:=|\z)/ } 0 .. $#$arguments;
    return 'faultline' if !defined $at;
    my ($option, $value) = split /=/, $arguments->[$at], 2;
    my @taken = splice @$arguments, $at, defined $value ? 1 : 2;
    my $libc = $value // $taken[1] // '';
    die "--libc: there is faultline and musl, not '$libc'\n" if $libc !~ /\A(?:faultline|musl)\z/;
    return $libc;
}

sub sysroot {
    my ($root) = @_;
    Faultline::Build::ensure($root, "sysroot/lib/$_") for qw(libc.a libmusl.a liballoc-musl.a crt0.o);
    return Faultline::Build::folder($root) . '/sysroot';
}

sub ours {
    my ($sysroot) = @_;
    my $lib = "$sysroot/lib";
    return {include => "$sysroot/include", more_include => [], first => ["$lib/crt0.o"],
        libraries => ["$lib/libc.a", "$lib/libmusl.a"], last => []};
}

sub musl {
    my ($root, $sysroot) = @_;
    my $i386 = "$root/build/i386-root/usr";
    my $lib = "$i386/lib/i386-linux-musl";
    die "musl is not there: run tools/fetch-i386 and make\n" if !-e "$lib/libc.a";
    return {include => "$i386/include/i386-linux-musl", more_include => ["$sysroot/include"],
        first => ["$lib/crt1.o", "$lib/crti.o"], last => ["$lib/crtn.o"],
        libraries => ["$sysroot/lib/liballoc-musl.a", "$lib/libc.a"]};
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
