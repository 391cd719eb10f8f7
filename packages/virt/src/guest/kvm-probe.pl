# Boots the smallest machine there is: one page of memory, one processor, and a program that says a byte and halts. Prints what became of it.
# That /dev/kvm opens says nothing: where machines run inside machines it may be there, and never run a guest.
use strict;
use warnings;

sub told { print "$_[0]\n"; exit 0 }

# The numbers of Linux on x86-64: https://docs.kernel.org/virt/kvm/api.html
my ($MMAP, $READ) = (9, 0);
my ($READ_WRITE, $SHARED, $PRIVATE_ANONYMOUS) = (3, 1, 0x22);
my %KVM = (
  version => 0xAE00, create_vm => 0xAE01, run_size => 0xAE04, create_processor => 0xAE41, set_memory => 0x4020AE46,
  run => 0xAE80, set_registers => 0x4090AE82, get_segments => 0x8138AE83, set_segments => 0x4138AE84,
);
my ($EXIT_IO, $EXIT_HALT) = (2, 5);
my $PAGE = 4096;
# Older processors need three pages of the guest's addresses for themselves; others do not mind.
my ($SET_OWN_PAGES, $OWN_PAGES) = (0xAE47, 0xfffbd000);
my $PROGRAM = "\xb0\x4b\xe6\xe9\xf4";    # mov al, 'K'; out 0xe9, al; hlt

open my $kvm, '+<', '/dev/kvm' or told("refused: $!");
my $call = sub {
  my ($file, $what, $argument) = @_;
  my $done = ioctl $file, $KVM{$what}, $argument;
  told("refused: $what: $!") unless defined $done;
  return $done eq '0 but true' ? 0 : $done;
};
sub map_memory {
  my ($size, $flags, $file) = @_;
  my $address = syscall $MMAP, 0, $size, $READ_WRITE, $flags, $file, 0;
  told("refused: memory: $!") if $address == -1;
  return $address;
}

told('refused: unknown version') unless $call->($kvm, 'version', 0) == 12;
open my $machine, '+<&=', $call->($kvm, 'create_vm', 0) or told("refused: $!");
ioctl $machine, $SET_OWN_PAGES, $OWN_PAGES;
my $memory = map_memory($PAGE, $PRIVATE_ANONYMOUS, -1);
pipe my $from, my $to or told("refused: $!");
syswrite $to, $PROGRAM;
syscall $READ, fileno $from, $memory, length $PROGRAM;
my $region = pack 'L L Q Q Q', 0, 0, 0, $PAGE, $memory;
$call->($machine, 'set_memory', $region);

open my $processor, '+<&=', $call->($machine, 'create_processor', 0) or told("refused: $!");
my $run = map_memory($call->($kvm, 'run_size', 0), $SHARED, fileno $processor);
my $segments = "\0" x 312;
$call->($processor, 'get_segments', $segments);
substr($segments, 0, 8) = pack 'Q', 0;      # the base of the code
substr($segments, 12, 2) = pack 'S', 0;     # its selector
$call->($processor, 'set_segments', $segments);
my $registers = pack 'Q16 Q Q', (0) x 16, 0, 2;
$call->($processor, 'set_registers', $registers);

my $exit = sub {
  $call->($processor, 'run', 0);
  return unpack 'L', unpack 'P4', pack 'Q', $run + 8;
};
my $first = $exit->();
told("failed: exit $first") unless $first == $EXIT_IO;
my $second = $exit->();
told("failed: exit $second") unless $second == $EXIT_HALT;
told('runs');
