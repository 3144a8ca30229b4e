#!/usr/bin/env perl
# The tree keeps its layers, and tools/check-layers sees what it must: each wrong line below is put
# into a small tree of its own.
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp ();
use FindBin ();
use Test::More;

my $root = "$FindBin::RealBin/..";

sub tree {
    my (%files) = @_;
    my $folder = File::Temp->newdir;
    for my $name (keys %files) {
        make_path(dirname("$folder/$name"));
        open my $out, '>', "$folder/$name" or die "$name: $!\n";
        print {$out} $files{$name};
        close $out or die "$name: $!\n";
    }
    return $folder;
}

sub check {
    my ($folder) = @_;
    my $output = `$root/tools/check-layers $folder`;
    return ($? >> 8, $output);
}

my %headers = map { $_ => '' } qw(mm/phys/frame.h mm/map_impl.h arch/pmap.h arch/cpu.h kernel/proc/process.h
    kernel/cmdline.h kernel/memory.h lib/list.h include/abi/faultline.h);

my ($status, $output) = check($root);
is $status, 0, 'the tree keeps its layers' or diag $output;

my @right = (
    ['sideways' => 'mm/a.c', '#include "mm/phys/frame.h"'],
    ['beside the file' => 'mm/a.c', '#include "frame.h"'],
    ['one named header' => 'mm/a.c', '#include "arch/pmap.h"'],
    ['the command line at start-up' => 'kernel/main.c', '#include "kernel/cmdline.h"'],
    ['the ABI' => 'lib/a.c', '#include "abi/faultline.h"'],
    ['a system header' => 'mm/a.c', '#include <asm/errno.h>'],
    ['a private header at home' => 'mm/a.c', '#include "mm/map_impl.h"'],
    ['a private header in a test' => 'tests/host/a.c', '#include "mm/map_impl.h"'],
    ['a process in a comment' => 'mm/a.c', '/* no struct process here */'],
    ['assembly in arch' => 'arch/a.c', 'void f(void) { __asm__ volatile("hlt"); }'],
);
for my $case (@right) {
    my ($name, $file, $line) = @$case;
    ($status, $output) = check(tree(%headers, $file => "$line\n"));
    is $status, 0, "allowed: $name" or diag $output;
}

my @wrong = (
    ['upward' => 'mm/a.c', '#include "kernel/proc/process.h"', 'mm/ may not include kernel/proc/process.h'],
    ['with blanks' => 'lib/a.h', '#  include "mm/phys/frame.h"', 'lib/ may not include mm/phys/frame.h'],
    ['in angle brackets' => 'lib/a.c', '#include <mm/phys/frame.h>', 'lib/ may not include mm/phys/frame.h'],
    ['another header of a folder' => 'mm/a.c', '#include "arch/cpu.h"',
        'mm/ may not include arch/cpu.h'],
    ['around a corner' => 'mm/a.c', '#include "../kernel/proc/process.h"',
        'mm/ may not include kernel/proc/process.h'],
    ['from assembly' => 'arch/a.asm', '%include "kernel/proc/process.h"',
        'arch/ may not include kernel/proc/process.h'],
    ['a private header' => 'kernel/a.c', '#include "mm/map_impl.h"',
        'mm/map_impl.h is private to mm/'],
    ['a process type' => 'mm/a.c', 'int f(struct process *p);', 'struct process is not known in mm/'],
    ['a process type in the terminal' => 'tty/a.c', 'struct process;',
        'struct process is not known in tty/'],
    ['a process in the terminal' => 'tty/a.c', '#include "kernel/proc/process.h"',
        'tty/ may not include kernel/proc/process.h'],
    (map { ["the command line in $_" => "$_/a.c", '#include "kernel/cmdline.h"',
        "$_/ may not include kernel/cmdline.h"] }
        qw(tty kernel/log kernel/proc kernel/trap kernel/sys kernel/diag)),
    ['assembly in C' => 'mm/a.c', 'void f(void) { __asm__ volatile("hlt"); }',
        'assembly belongs into arch/'],
    ['an assembly file' => 'lib/a.asm', 'nop', 'assembly belongs into arch/'],
);
for my $case (@wrong) {
    my ($name, $file, $line, $message) = @$case;
    ($status, $output) = check(tree(%headers, $file => "\n$line\n"));
    is $status, 1, "refused: $name";
    my $at = $message =~ /^assembly/ && $file =~ /asm$/ ? 1 : 2;
    is $output, "$file:$at: $message\n", "refused: $name: the line is named";
}

# Calls: what a folder may not include it may not call either, whoever declares it.
my %calls = (
    'mm/a.c' => "int kernel_answer(void);\nint f(void);\nint f(void)\n{\n    return kernel_answer();\n}\n",
    'kernel/b.c' => "int kernel_answer(void);\nint kernel_answer(void)\n{\n    return 42;\n}\n",
);
($status, $output) = check(tree(%headers, %calls));
is $status, 1, 'refused: an upward call';
is $output, "mm/a.c:1: mm/ may not use kernel_answer of kernel/b.c\n",
    'refused: an upward call: the line is named';

sub hook_table {
    my ($header, $source) = @_;
    return "# Architecture\n\n## Hooks\n\n| hook | declared in | defined in |\n| --- | --- | --- |\n"
        . "| `kernel_answer` | `$header` | `$source` |\n\n## More\n";
}
($status, $output)
    = check(tree(%headers, %calls, 'docs/architecture.md' => hook_table('mm/a.c', 'kernel/b.c')));
is $status, 0, 'allowed: an upward call that is listed as a hook' or diag $output;
($status, $output)
    = check(tree(%headers, %calls, 'docs/architecture.md' => hook_table('mm/a.c', 'kernel/c.c')));
is $output, "docs/architecture.md: the hook kernel_answer is not defined in kernel/c.c\n",
    'refused: a hook whose row names the wrong file';

# A circle: b of kernel/ uses a of mm/, which calls back.
my %circle = (
    'mm/a.h' => "int f(void);\n",
    'mm/a.c' => "#include \"mm/a.h\"\nextern int kernel_answer(void);\nint f(void)\n{\n"
        . "    return kernel_answer();\n}\n",
    'kernel/b.c' => "#include \"mm/a.h\"\nint kernel_answer(void);\nint kernel_answer(void)\n{\n"
        . "    return f();\n}\n",
);
($status, $output) = check(tree(%headers, %circle));
is $status, 1, 'refused: a circle of files';
like $output, qr{^circle: kernel/b -> mm/a -> kernel/b$}m, 'refused: a circle of files: the way is named';

# A subfolder that the table does not list belongs to the layer above it, but has a door.
my %room = ('mm/room/a.h' => "#include \"mm/b.h\"\n", 'mm/b.h' => "\n");
($status, $output) = check(tree(%headers, %room, 'mm/c.c' => "#include \"mm/room/a.h\"\n"));
is $status, 0, 'allowed: a header of a room in its layer' or diag $output;
($status, $output) = check(tree(%headers, %room, 'kernel/c.c' => "#include \"mm/room/a.h\"\n"));
is $output, "kernel/c.c:1: mm/room/a.h is private to mm/\n",
    'refused: a header of a room outside its layer';
($status, $output) = check(tree(%headers, %room, 'mm/b.h' => "#include \"mm/room/a.h\"\n"));
is $output, "circle: mm/b -> mm/room/a -> mm/b\n", 'refused: a circle of files through a room';

done_testing;
