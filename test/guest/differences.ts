/**
 * In what the module of 2022 (schema 1.0.0) and our eBPF probe (schema 3.5) differ when they tell of the same programs. What
 * is not listed fails the test, and so does what is listed and does not occur. Causes are those that the module's source shows
 * (Debian's falcosecurity-scap-dkms).
 */

/** The module's table of events ends here: calls whose event is newer have an older one with it, or the generic one. */
export const MODULE_TYPES = 336
/** Parameters that the module's record is too short for, or that only one of an old and a new event has. */
export const SCHEMA = 'parameters that the driver got, or gave away, after 2022'

/** Calls that the module's table has under the name of an older call. */
export const OLDER_NAMES: Readonly<Record<string, string>> = {
  dup2: 'dup', dup3: 'dup', pipe2: 'pipe', eventfd2: 'eventfd', signalfd4: 'signalfd', inotify_init1: 'inotify_init', umount2: 'umount',
}

export interface Difference {
  /** Of which events, as "> name" or "< name". */
  events: readonly string[]
  /** In which of their parameters. */
  params?: readonly string[]
  /** In place of `params`: who alone has these events. */
  only?: 'module' | 'eBPF'
  why: string
  /** Whether it occurs depends on the run. */
  sometimes?: true
}

/** Events of which the module counts a drop instead (`dropped.page_fault`): as many as it says. */
export const DROPPED = 'the module drops an event whose memory it cannot read'

export const DIFFERENCES: readonly Difference[] = [
  // Another run
  { events: ['< clone'], params: ['pgft_min'], sometimes: true, why: 'pages that were in memory already' },

  // What is not there
  { events: ['< open', '< write', '< pipe', '> poll', '< poll'], only: 'eBPF', why: DROPPED },
  { events: ['< sigreturn'], only: 'eBPF', why: 'the module has no exit event of sigreturn' },

  // Another version of the schema
  { events: ['< open', '< openat'], params: ['flags'], why: 'O_F_CREATED came later' },
  { events: ['< clone', '< execve'], params: ['cwd'], why: 'the module leaves an empty text where later drivers leave nothing: the reader knows it better' },
  { events: ['< clone', '< execve'], params: ['cgroups'], why: 'the module lists all cgroup controllers, later drivers the five that matter to containers' },
  { events: ['< socketpair'], params: ['fd1', 'fd2'], why: 'descriptors that were not made are 0 with the module, -1 since' },
  { events: ['< poll'], params: ['fds'], why: 'the module leaves out descriptors that are not ready' },
  { events: ['< connect'], params: ['tuple'], why: 'the module shows where a socket would have been connected that has been refused' },
  { events: ['> connect'], params: ['addr'], why: 'the module writes an abstract name with @ for its NUL, later drivers without both' },

  // Numbers that the module gets wrong, or leaves out
  {
    events: ['> close', '> read', '> mmap', '> setns', '> signalfd', '> signalfd4'], params: ['fd'],
    why: 'the module takes an int for unsigned: -1 becomes 4294967295',
  },
  { events: ['> epoll_wait'], params: ['maxevents'], why: 'the module takes an int for unsigned: -1 becomes 4294967295' },
  { events: ['> kill'], params: ['pid'], why: 'the module takes an int for unsigned: -1 becomes 4294967295' },
  { events: ['> open'], params: ['name'], why: 'the module says (NULL) of a path that it cannot read, or that is longer than 255 bytes' },
  { events: ['> execve'], params: ['filename'], why: 'the module says <NA> of a path that is not in memory yet' },
  {
    events: ['> open', '> openat', '< openat'], params: ['flags', 'mode'],
    why: 'the module takes O_DIRECTORY, one of the bits of O_TMPFILE, for that, and shows a mode that means nothing',
  },
  { events: ['> nanosleep'], params: ['interval'], why: 'the module was built with a timespec of 32 bits: it sees the seconds only' },
  { events: ['> ppoll'], params: ['timeout'], why: 'the module was built with a timespec of 32 bits: it sees the seconds only' },
  { events: ['> mkdir'], params: ['mode'], why: 'the module says 0 whatever the mode' },
  { events: ['> timerfd_create'], params: ['clockid'], why: 'the driver leaves out the clock' },
  { events: ['> signalfd', '> signalfd4'], params: ['mask'], why: 'the driver leaves out the mask' },
  { events: ['> accept'], params: ['flags'], why: 'the driver leaves out the flags of accept4' },
  { events: ['< userfaultfd'], params: ['flags'], why: 'the driver leaves Linux\'s bits in a field that its table calls file_flags' },
  { events: ['> copy_file_range'], params: ['offin'], why: 'the driver shows the address of the offset, we the offset' },
  { events: ['< copy_file_range'], params: ['offout'], why: 'the driver shows the address of the offset, we the offset' },
  { events: ['< setsockopt'], params: ['optname', 'val'], why: 'the module does not know SO_RCVTIMEO by the number that it has had since 5.1' },
  { events: ['< recvfrom', '< recvmsg'], params: ['tuple'], why: 'the module tells the peer only where the caller asked for its address' },
  { events: ['> signaldeliver'], params: ['spid'], why: 'the module knows the sender of some signals only' },
]
