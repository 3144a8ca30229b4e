#!/usr/bin/env perl
# The texts against the tree: the call tables of docs/abi.md and the calls of the how-tos against
# include/abi/syscalls.def, the keys of docs/command-line.md against kernel/cmdline.c, the cause words of
# docs/vm.md against abi/causes.def, and every relative link of every page against the files there are.
use strict;
use warnings;
use File::Basename qw(dirname);
use FindBin ();
use lib "$FindBin::RealBin/lib";
use Files qw($root read_file);
use Test::More;

chdir $root or die "$root: $!\n";

# ---- System calls ----------------------------------------------------------------------------------

# Name => number, from the headers that the kernel itself takes them from.
sub call_numbers {
    my %number;
    my $text = `echo '#include <asm/unistd_32.h>' | gcc -m32 -E -dM -`;
    $text .= read_file('include/abi/faultline.h');
    $number{$1} = $2 while $text =~ /^#define ((?:__|FL_)NR_\w+) +(\d+)/mg;
    return %number;
}

my %number = call_numbers();
my (%listed, %documented);
my $list = read_file('include/abi/syscalls.def');
while ($list =~ /^SYSCALL\((\w+), (\w+), (\d)\)/mg) {
    $listed{$2} = ($number{$1} // $1) . " with $3 arguments";
}
for my $row (grep { /^\| *\d+ \| `/ } split /\n/, read_file('docs/abi.md')) {
    my ($nr, $name, $arguments) = $row =~ /^\| *(\d+) \| `(\w+)` \| *([^|]*?) *\|/;
    my $count = () = $arguments =~ /[^,]+/g;
    ok !$documented{$name}, "$name is in docs/abi.md once";
    $documented{$name} = "$nr with $count arguments";
}
is_deeply \%documented, \%listed, 'docs/abi.md lists the calls of include/abi/syscalls.def';

# The worked examples would not compile with a number that another call has by now.
my %taken = map { /^(\d+)/ => 1 } values %listed;
my ($of_call) = read_file('docs/howto-add-a-system-call.md') =~ /^#define FL_NR_\w+ (\d+)/m;
my ($of_pager) = read_file('docs/howto-add-a-pager.md') =~ /`, number (\d+), in/;
ok $of_call && $of_pager && !$taken{$of_call} && !$taken{$of_pager} && $of_call != $of_pager,
    'the how-tos add calls under numbers that are free';

# ---- Command line ----------------------------------------------------------------------------------

my (%keys, %key_rows);
my $source = read_file('kernel/cmdline.c');
$keys{$1} = $2 while $source =~ /^\s*\{"(\w+)", "([^"]+)", set_\w+,/mg;
my $page = read_file('docs/command-line.md');
while ($page =~ /^\| `(\w+)=` \| ((?:\\\||[^|])*) \|/mg) {
    my ($key, $values) = ($1, $2);
    $key_rows{$key} = $values =~ s/\\\|/|/gr =~ tr/`//dr;
}
is_deeply \%key_rows, \%keys, 'docs/command-line.md lists the keys of kernel/cmdline.c';

# ---- Cause words -----------------------------------------------------------------------------------

my $vm = read_file('docs/vm.md');
my ($table) = $vm =~ /^### Causes\n(.*?)^###/ms;
my %words = map { $_ => 1 } map { split /, /, $_ } $table =~ /^\| ([a-z][^|]*?) \|/mg;
delete $words{word};
my %causes = map { $_ => 1 } read_file('include/abi/causes.def') =~ /^CAUSE\(\w+, "([^"]+)"\)/mg;
is_deeply \%words, \%causes, 'docs/vm.md explains the words of include/abi/causes.def';

# ---- Links -----------------------------------------------------------------------------------------

# As GitHub makes it from a heading.
sub anchor_of {
    my ($heading) = @_;
    return lc $heading =~ s/[^\w\- ]//gr =~ tr/ /-/r;
}

for my $file (glob '*.md docs/*.md docs/testing/*.md bench/*.md') {
    my $text = read_file($file) =~ s/^```.*?^```$//gmsr;
    while ($text =~ /\]\(([^)\s]+)\)/g) {
        my $link = $1;
        next if $link =~ /^[a-z]+:/;
        my ($path, $anchor) = $link =~ /^([^#]*)(?:#(.*))?$/;
        my $target = $path eq '' ? $file : dirname($file) . "/$path";
        if (!ok -e $target, "$file: link to $link") {
            next;
        }
        next unless defined $anchor;
        my %anchors = map { anchor_of($_) => 1 } read_file($target) =~ /^#+ (.*)$/mg;
        ok $anchors{$anchor}, "$file: heading of $link";
    }
}

done_testing;
