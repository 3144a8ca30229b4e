package Faultline::Build;

# Where the built things are, and building them when they are missing.

use strict;
use warnings;

# The folder of the build to use. FAULTLINE_BUILD lets tests choose another variant.
sub folder {
    my ($root) = @_;
    return $ENV{FAULTLINE_BUILD} // "$root/build/release";
}

# Makes the release build if `file` of it is not there. Dies with a reason.
sub ensure {
    my ($root, $file) = @_;
    my $path = folder($root) . "/$file";
    return $path if -e $path;
    die "$path does not exist\n" if $ENV{FAULTLINE_BUILD};
    print STDERR "faultline: building first (make)...\n";
    # A make that calls us must not lend its job slots: its file descriptors are not open here.
    local @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};
    delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>&', \*STDERR;
        exec 'make', '-C', $root, '--silent', 'all' or exit 127;
    }
    waitpid $pid, 0;
    die "the build failed; `make doctor` says what is missing\n" if $? != 0 || !-e $path;
    return $path;
}

1;
