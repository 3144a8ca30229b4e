package Faultline::Figures;

# Turns the guest's flat figures into the nested object that --json writes (docs/json.md).
#
# The guest sends records "S name value" (user/libc/report.c makes them); a dot in a
# name opens an object, a number between dots an array. The table below gives each its place in the
# object that people read; a figure that is not in it keeps its name. Values that look like integers
# become numbers.

use strict;
use warnings;

my %place = (
    page_faults => 'report.page_faults', pages_allocated => 'report.pages_allocated',
    bytes_lost => 'report.bytes_lost',
    rss_peak_kb => 'memory.rss_peak_kb', rss_kb => 'memory.rss_kb',
    vmsize_peak_kb => 'memory.reserved_peak_kb', vmsize_kb => 'memory.reserved_kb',
    freemem_before => 'memory.freemem_before', freemem_after => 'memory.freemem_after',
    is_return => 'exit.is_return',
);
# Said better by others: the end comes from the X record, the number of accounts is the array's.
my %is_dropped = map { $_ => 1 } qw(exit_kind value n_accounts);
my %is_boolean = map { $_ => 1 } qw(is_return);

use constant {
    SCHEMA => 1,
    # More than any report has; a guest that says more is not believed.
    FIGURES_MAX => 20_000, INDEX_MAX => 1000, DEPTH_MAX => 6, VALUE_MAX => 1024,
};

sub new {
    my $self = bless {root => {}, count => 0}, shift;
    $self->put('schema', SCHEMA);
    return $self;
}

# One figure as the guest names it. False, and nothing is kept, for a name or a number of them that no
# report has.
sub add {
    my ($self, $name, $value) = @_;
    return 0 if $name !~ /\A[a-z][a-z0-9_\/-]{0,31}(?:\.[a-z0-9_\/-]{1,32})*\z/
        || length $value > VALUE_MAX || !is_bounded($name) || ++$self->{count} > FIGURES_MAX;
    return 1 if $is_dropped{$name};
    if ($is_boolean{$name}) {
        $self->put($place{$name}, $value ? \1 : \0);
        return 1;
    }
    my $place = $place{$name} // $name =~ s/\Aaccount\./accounts./r =~ s/(\A|\.)fault\./$1faults./r;
    $self->put($place, $value);
    return 1;
}

sub is_bounded {
    my ($name) = @_;
    my @parts = split /\./, $name;
    return @parts <= DEPTH_MAX && !grep { /\A\d/ && !(/\A\d{1,4}\z/ && $_ < INDEX_MAX) } @parts;
}

# A value at a dotted place; undef becomes null. Text is UTF-8 where it can be.
sub put {
    my ($self, $place, $value) = @_;
    my $slot = \$self->{root};
    $slot = step($slot, $_) for split /\./, $place;
    if (defined $value && $value =~ /\A-?\d{1,15}\z/) {
        $value = 0 + $value;
    } elsif (defined $value && !ref $value) {
        utf8::decode($value);
    }
    $$slot = $value;
    return;
}

# The place of one component below $slot, made if it is not there.
sub step {
    my ($slot, $key) = @_;
    if ($key =~ /\A\d+\z/) {
        $$slot = [] unless ref $$slot eq 'ARRAY';
        return \$$slot->[$key];
    }
    $$slot = {} unless ref $$slot eq 'HASH';
    return \$$slot->{$key};
}

sub text {
    my ($self) = @_;
    require JSON::PP;    # only --json pays for loading it
    $self->tidy;
    return JSON::PP->new->canonical->pretty->ascii->encode($self->{root});
}

# What follows from figures, and what would only confuse: the range of an account that has none.
sub tidy {
    my ($self) = @_;
    my $root = $self->{root};
    $root->{report}{fragmentation_kb} = $root->{report}{bytes_lost} / 1024
        if ($root->{report}{bytes_lost} // '') =~ /\A\d+\z/;
    return if ref($root->{accounts} // []) ne 'ARRAY';
    for my $account (@{$root->{accounts} // []}) {
        $account = {} unless ref $account eq 'HASH';
        $account->{faults} //= {};
        delete @$account{qw(start end prot)} if ($account->{kind} // '') ne 'segment';
    }
    return;
}

1;
