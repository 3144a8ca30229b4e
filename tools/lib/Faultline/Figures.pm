package Faultline::Figures;

# Turns the guest's flat figures into the nested object that --json writes (docs/json.md).
#
# The guest sends lines "S name value" on its record port (user/libc/report.c makes them). A dot in
# a name opens an object, a number between dots an array. The table below gives each figure its
# place in the object; a figure that is not in the table keeps its name. Values that look like
# integers become numbers.

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
# Redundant: the X record says how the program ended, and the array has the number of accounts.
my %is_dropped = map { $_ => 1 } qw(exit_kind value n_accounts);
my %is_boolean = map { $_ => 1 } qw(is_return);

use constant SCHEMA => 1;

sub new {
    my $self = bless {root => {}}, shift;
    $self->put('schema', SCHEMA);
    return $self;
}

# Stores one figure under the guest's name.
sub add {
    my ($self, $name, $value) = @_;
    return if $is_dropped{$name};
    return $self->put($place{$name}, $value ? \1 : \0) if $is_boolean{$name};
    my $place = $place{$name} // $name =~ s/\Aaccount\./accounts./r =~ s/(\A|\.)fault\./$1faults./r;
    return $self->put($place, $value);
}

# Stores a value at a dotted place; undef becomes null.
sub put {
    my ($self, $place, $value) = @_;
    my $slot = \$self->{root};
    $slot = step($slot, $_) for split /\./, $place;
    $$slot = defined $value && $value =~ /\A-?\d+\z/ ? 0 + $value : $value;
    return;
}

# Returns the place of one component below $slot and creates it if necessary.
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
    return JSON::PP->new->canonical->pretty->encode($self->{root});
}

# Adds what follows from figures, and removes the range of an account that has none.
sub tidy {
    my ($self) = @_;
    my $root = $self->{root};
    $root->{report}{fragmentation_kb} = $root->{report}{bytes_lost} / 1024
        if defined $root->{report}{bytes_lost};
    for my $account (@{$root->{accounts} // []}) {
        $account->{faults} //= {};
        delete @$account{qw(start end prot)} if ($account->{kind} // '') ne 'segment';
    }
    return;
}

1;
