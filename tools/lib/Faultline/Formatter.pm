package Faultline::Formatter;

# prove's usual output, and then one plain last line: N passed, N failed.
#
# A test file can fail without a failed test (it exits with an error, or its plan is incomplete). It
# then counts as one failure, so that the line never looks better than the judgement.

use strict;
use warnings;
use TAP::Formatter::Console ();
use TAP::Formatter::File ();

# Like prove itself: a moving display on a terminal, plain lines elsewhere.
our @ISA = -t STDOUT ? 'TAP::Formatter::Console' : 'TAP::Formatter::File';

sub summary {
    my ($self, $aggregate, $is_interrupted) = @_;
    $self->SUPER::summary($aggregate, $is_interrupted);
    my $failed = 0;
    for my $parser ($aggregate->parsers) {
        my $count = () = $parser->failed;
        $failed += $count || ($parser->has_problems ? 1 : 0);
    }
    $failed ||= 1 if $is_interrupted;
    printf "%d passed, %d failed\n", scalar $aggregate->passed, $failed;
    return;
}

1;
