#!/usr/bin/env perl
# The texts against the tree: whatever pages and comments name exists (tools/check-docs, which must see
# each name planted below), the call tables of docs/abi.md agree with include/abi/syscalls.def, the keys
# of docs/command-line.md with kernel/cmdline.c, the cause words of docs/vm.md with abi/causes.def, and
# every relative link leads to a file and a heading. The code of the how-tos is tested by
# tests/boot/howto.t.
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp ();
use FindBin ();
use lib "$FindBin::RealBin/lib";
use Files qw($root read_file write_file);
use Test::More;

chdir $root or die "$root: $!\n";

# ---- Names -----------------------------------------------------------------------------------------

sub check_docs {
    my (%files) = @_;
    my $tree = File::Temp->newdir;
    for my $name (keys %files) {
        make_path(dirname("$tree/$name"));
        write_file("$tree/$name", $files{$name});
    }
    my $output = `tools/check-docs $tree`;
    return ($? >> 8, $output);
}

my $problems = `tools/check-docs`;
is $?, 0, 'pages and comments name only what exists' or diag $problems;

my %tree = (
    'Makefile' => "DEBUG ?= 0\nall: x\n",
    'faultline' => "usage: ./faultline run [OPTION...] PROGRAM\n  --policy page\n",
    'kernel/cmdline.c' => "    {\"trace\", \"0|1\", set_choice, 0},\n",
    'mm/phys/frame.h' => "#define FRAME_COUNT 1\nstruct frame_owner;\nint frame_take(int n);\n",
    'mm/phys/frame.c' => "int frame_take(int n)\n{\n    return n;\n}\n",
    'user/bin/hello.c' => "int main(void) { return 0; }\n",
);
my @right = (
    ['a function', 'frame_take() takes', 'comment'],
    ['a constant', 'FRAME_COUNT of them', 'comment'],
    ['a type', 'a struct frame_owner', 'comment'],
    ['a file by its path', 'see mm/phys/frame.c', 'comment'],
    ['a file by its name', 'see frame.c', 'comment'],
    ['a placeholder', 'put it into `user/bin/NAME.c`', 'page'],
    ['a pattern', 'all of `user/bin/*.c`', 'page'],
    ['a function', '`frame_take`', 'page'],
    ['a program', '`hello`', 'page'],
    ['a make target and a variable', '`make DEBUG=1 all`', 'page'],
    ['a command and its option', '`./faultline run --policy page hello`', 'page'],
    ['a key', '`trace=1`', 'page'],
    ['what the page itself introduces', "```c\nint frame_new(void);\n```\n`frame_new()`", 'page'],
    ['code is no text', 'int frame_old(void);', 'code'],
    ['a line of 100 columns', join(' ', ('word') x 20) . 's', 'page'],
    ['a long row of a table', '| ' . join(' ', ('word') x 30) . ' |', 'page'],
    ['long output of a command', "```console\n\$ true\n" . join(' ', ('word') x 30) . "\n```", 'page'],
    ['a long line of one word', 'w' x 120, 'page'],
    ['somebody else\'s option', '`qemu-system-i386 --nonsense`', 'page'],
);
my @wrong = (
    ['a function', 'frame_give() frees', 'comment', 'no function frame_give()'],
    ['a function without parentheses', 'see frame_give', 'comment', 'nothing is named frame_give'],
    ['a constant', 'FRAME_LIMIT of them', 'comment', 'nothing is named FRAME_LIMIT'],
    ['a type', 'a struct frame_record', 'comment', 'no struct frame_record'],
    ['a path', 'see mm/frames.c', 'comment', 'no file mm/frames.c'],
    ['a file of another folder', 'see kernel/frame.c', 'comment', 'no file kernel/frame.c'],
    ['a file\'s name', 'see frames.c', 'comment', 'no file frames.c'],
    ['a header', 'includes <frames.h>', 'comment', 'no header <frames.h>'],
    ['a function', 'calls `frame_give()`', 'page', 'no function frame_give()'],
    ['a function in prose', 'calls frame_give()', 'page', 'no function frame_give()'],
    ['a path', '`mm/frames.c`', 'page', 'no file mm/frames.c'],
    ['a path in prose', 'in mm/frames.c', 'page', 'no file mm/frames.c'],
    ['a path in a table', '| a | `mm/frames.c` |', 'page', 'no file mm/frames.c'],
    ['a pattern without a file', '`user/bin/*.asm`', 'page', 'no file user/bin/*.asm'],
    ['a program', '`goodbye`', 'page', 'nothing is named goodbye'],
    ['a make target', '`make everything`', 'page', 'the Makefile has no everything'],
    ['a make variable', '`make SPEED=1 all`', 'page', 'the Makefile has no SPEED=1'],
    ['a command', '`./faultline walk hello`', 'page', './faultline has no command walk'],
    ['an option', '`--politics`', 'page', 'nothing takes the option --politics'],
    ['an option in a console', "```console\n\$ ./faultline run --politics x\n```", 'page',
        'nothing takes the option --politics'],
    ['a line of 101 columns', join(' ', ('word') x 20) . 'st', 'page', 'has 101 columns'],
    ['a long command', "```console\n\$ true " . join(' ', ('word') x 30) . "\n```", 'page',
        'has 156 columns'],
    ['a key', '`tracing=1`', 'page', q{the kernel's command line has no tracing=}],
);

# A tree with the text as its page, as a comment, or as code.
sub plant {
    my ($text, $where) = @_;
    return (%tree, 'docs/a.md' => "# A\n$text\n") if $where eq 'page';
    return (%tree, 'lib/a.c' => "\n$text\n") if $where eq 'code';
    return (%tree, 'lib/a.c' => "\n/* $text */\n");
}

for my $case (@right) {
    my ($name, $text, $where) = @$case;
    my ($status, $output) = check_docs(plant($text, $where));
    is $output, '', "allowed in a $where: $name";
    is $status, 0, "allowed in a $where: $name: the status";
}
for my $case (@wrong) {
    my ($name, $text, $where, $reason) = @$case;
    my ($status, $output) = check_docs(plant($text, $where));
    my $file = $where eq 'page' ? 'docs/a.md' : 'lib/a.c';
    like $output, qr/\A\Q$file\E:[23]: \Q$reason\E\n\z/, "refused in a $where: $name";
    is $status, 1, "refused in a $where: $name: the status";
}

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
while ($list =~ /^SYSCALL\((\w+), (\w+), (\d),/mg) {
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
my ($of_pager) = read_file('docs/howto-add-a-pager.md') =~ /^#define FL_NR_\w+ (\d+)/m;
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

# ---- Glossary --------------------------------------------------------------------------------------

# A word is defined once, in the order of the alphabet, and somebody else uses it.
my $glossary = read_file('docs/glossary.md');
my @terms = $glossary =~ /^- \*\*([^*]+)\*\*: /mg;
cmp_ok scalar @terms, '>=', 30, 'docs/glossary.md defines words';
my %times;
$times{$_}++ for @terms;
is_deeply [grep { $times{$_} > 1 } sort keys %times], [], 'docs/glossary.md: each is defined once';
for my $section (split /^## /m, $glossary) {
    my @order = $section =~ /^- \*\*([^*]+)\*\*: /mg;
    is_deeply \@order, [sort @order], 'docs/glossary.md: ' . $section =~ s/\n.*//sr . ' in order';
}
my $elsewhere = join ' ', map { read_file($_) }
    grep { $_ ne 'docs/glossary.md' } glob '*.md docs/*.md docs/testing/*.md */*.[ch] */*/*.[chS] tests/*/*.t';
$elsewhere =~ s/[\s*]+/ /g;
ok $elsewhere =~ /\b\Q$_\E/i, "docs/glossary.md: $_ is used elsewhere" for @terms;
for my $page ('README.md', 'docs/architecture.md') {
    like read_file($page), qr/\]\((?:docs\/)?glossary\.md\)/, "$page links the glossary";
}

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
