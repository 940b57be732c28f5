/**
 * In what the module of 2022 (schema 1.0.0) and our eBPF probe (schema 3.5) differ when they tell of the same programs. What
 * is not listed fails the test, and so does what is listed and does not occur. A cause is what the two values show; the source of
 * the module (Debian's falcosecurity-scap-dkms) was read for some of them: (NULL), the timespec, @, poll, quotactl.
 */
import {
  address, any, atName, beginsWithOurs, empty, emptyText, flags, masked, minusOneOfOurs, noneOfOurs, numbers, placeholder,
  rawValue, readyOnly, register, type Relation, renumbered, unsigned, wholeSeconds, zero, zeroForMinusOne, zeroOfOurs,
} from './relations.js'

/**
 * The module's table of events ends here: calls whose event is newer have an older one with it, or the generic one. Parameters that
 * only one of the two has need no entry; nor do those that the module's record is too short for.
 */
export const MODULE_TYPES = 336

/** Calls that the module's table has under the name of an older call. */
export const OLDER_NAMES: Readonly<Record<string, string>> = {
  dup2: 'dup', dup3: 'dup', pipe2: 'pipe', eventfd2: 'eventfd', signalfd4: 'signalfd', inotify_init1: 'inotify_init', umount2: 'umount',
}

export interface Difference {
  /** Of which events, as "> name" or "< name"; '*' for all. */
  events: readonly string[]
  /** In which of their parameters, or in all of these types, and how they differ. */
  params?: readonly string[]
  types?: readonly string[]
  how?: Relation
  /** In place of these: who alone has the events. */
  only?: 'module' | 'eBPF'
  why: string
  /** In these programs only. */
  programs?: readonly string[]
  /** Whether it occurs depends on the run. */
  sometimes?: true
}

/** Those that describe a whole process. */
const PROCESSES = ['< clone', '< clone3', '< fork', '< vfork', '< execve', '< execveat']
/** PPM_EXE_* */
const EXE_FROM_MEMFD = 4
/** PPM_O_* */
const [O_DIRECTORY_AS_TMPFILE, O_F_CREATED] = [0x2000, 0x4000]
/** O_CLOEXEC, O_NONBLOCK and O_DIRECT of Linux, to the driver's. */
const FILE_FLAGS: readonly (readonly [number, number])[] = [[0x80000, 0x1000], [0x800, 0x40], [0x4000, 0x200]]

/** Programs whose output ends in what the kernel has chosen. */
const PRINTING = ['calls', 'creators', 'family']

const PRINTS = 'the program prints the numbers of its processes and ports'
const UNSIGNED = 'the module takes some ints for unsigned: -1 becomes 4294967295'
const TMPFILE = 'the module takes O_DIRECTORY, one of the bits of O_TMPFILE, for that'
const TIMESPEC = 'the module was built with a timespec of 32 bits: it sees the seconds only'
const NOT_YET = 'the module says <NA> of a path that is not in memory yet'
const TICK = 'a tick of the program\'s clock found a call waiting in one of the runs only'
const FAILED = 'the module shows what a call that fails has not written'
const OPERANDS = 'later drivers do not look at what a call would have worked with that fails'
const QUOTA = 'the module takes the command, an int, for a long, and does not know it then'
const REGISTER = 'the module shows the upper half of a register, too, that the call does not look at'
const UNDEFINED = 'bits that mean nothing, which only one of the two leaves out'
const OFFSET = 'the driver shows the address of the offset, we the offset'
const TIMEOUT = 'the module does not know SO_RCVTIMEO by the number that it has had since 5.1'

export const DIFFERENCES: readonly Difference[] = [
  // Another run
  { events: PROCESSES, params: ['pgft_min'], how: any, sometimes: true, why: 'pages that were in memory already' },
  { events: ['< write'], params: ['data'], how: numbers, programs: PRINTING, why: PRINTS },
  { events: ['> write'], params: ['size'], how: any, programs: PRINTING, sometimes: true, why: PRINTS },
  { events: ['< write'], params: ['res'], how: any, programs: PRINTING, sometimes: true, why: PRINTS },
  { events: ['> signaldeliver', '> sigreturn'], only: 'module', programs: ['calls'], sometimes: true, why: TICK },
  { events: ['> signaldeliver', '> sigreturn'], only: 'eBPF', programs: ['calls'], sometimes: true, why: TICK },

  // What is not there, beside events that the module has dropped and counted
  { events: ['< sendmmsg', '< recvmmsg'], only: 'eBPF', why: 'the module has one empty event for the call, later drivers one for each message' },
  { events: ['< sigreturn'], only: 'eBPF', why: 'the module has no exit event of sigreturn' },

  // Another version of the schema
  { events: ['< open', '< openat'], params: ['flags'], how: flags({ ours: O_F_CREATED }), why: 'O_F_CREATED came later' },
  { events: ['< execve'], params: ['flags'], how: flags({ ours: EXE_FROM_MEMFD }), why: 'EXE_FROM_MEMFD came later' },
  { events: ['*'], types: ['CHARBUF'], how: emptyText, why: 'the module leaves an empty text where later drivers leave nothing' },
  { events: PROCESSES, params: ['cgroups'], how: beginsWithOurs, why: 'the module lists all cgroup controllers, later drivers the five that matter to containers' },
  { events: ['< socketpair'], params: ['fd1', 'fd2'], how: zeroForMinusOne, why: 'descriptors that were not made are 0 with the module, -1 since' },
  { events: ['< poll'], params: ['fds'], how: readyOnly, why: 'the module leaves out descriptors that are not ready' },
  { events: ['< connect'], params: ['tuple'], how: noneOfOurs, why: 'the module shows where a socket would have been connected that has been refused' },
  { events: ['> connect'], params: ['addr'], how: atName, why: 'the module writes an abstract name with @ for its NUL, later drivers without both' },

  // What the module gets wrong
  { events: ['*'], types: ['FD'], how: unsigned, why: UNSIGNED },
  { events: ['*'], types: ['CHARBUF', 'FSPATH', 'FSRELPATH'], how: placeholder('(NULL)'), why: 'the module says (NULL) of a text that it cannot read, or of a path that is longer than 255 bytes' },
  { events: ['> execve'], params: ['filename'], how: placeholder('<NA>'), why: NOT_YET },
  { events: ['> execveat'], params: ['pathname'], how: placeholder('<NA>'), why: NOT_YET },
  { events: ['> open', '< open', '> openat', '< openat'], params: ['flags'], how: flags({ module: O_DIRECTORY_AS_TMPFILE }), why: TMPFILE },
  { events: ['> nanosleep'], params: ['interval'], how: wholeSeconds, why: TIMESPEC },
  { events: ['> ppoll'], params: ['timeout'], how: wholeSeconds, why: TIMESPEC },
  { events: ['< setsockopt'], params: ['optname'], how: zero, why: TIMEOUT },
  { events: ['< setsockopt'], params: ['val'], how: rawValue, why: TIMEOUT },
  { events: ['< userfaultfd'], params: ['flags'], how: renumbered(FILE_FLAGS), why: 'the driver leaves Linux\'s bits in a field that its table calls file_flags' },
  { events: ['> copy_file_range'], params: ['offin'], how: address, why: OFFSET },
  { events: ['< copy_file_range'], params: ['offout'], how: address, why: OFFSET },

  { events: ['< getcwd'], params: ['path'], how: noneOfOurs, why: FAILED },
  { events: ['< prlimit'], params: ['oldcur', 'oldmax'], how: minusOneOfOurs, why: FAILED },
  { events: ['< prlimit'], params: ['newcur', 'newmax'], how: zeroOfOurs, why: 'a limit that cannot be read is -1 with the module, 0 since' },
  { events: ['< prlimit'], params: ['oldcur', 'oldmax'], how: zeroOfOurs, why: 'a limit that cannot be read is -1 with the module, 0 since' },
  { events: ['< readv'], params: ['size'], how: zeroOfOurs, why: OPERANDS },
  { events: ['< semop'], params: ['sem_num_0', 'sem_op_0', 'sem_flg_0', 'sem_flg_1'], how: zeroOfOurs, why: OPERANDS },
  { events: ['> shutdown'], params: ['how'], how: minusOneOfOurs, why: 'what is no way of shutting down is -1 in later drivers' },
  { events: ['> quotactl'], params: ['cmd', 'id'], how: zero, why: QUOTA },
  { events: ['> quotactl'], params: ['quota_fmt'], how: any, why: QUOTA },
  { events: ['< quotactl'], params: ['quotafilepath'], how: placeholder(''), why: QUOTA },
  {
    events: ['< quotactl'], how: zero, why: QUOTA,
    params: ['dqb_bhardlimit', 'dqb_bsoftlimit', 'dqb_curspace', 'dqb_ihardlimit', 'dqb_isoftlimit', 'dqb_btime', 'dqb_itime', 'dqi_bgrace', 'dqi_igrace', 'dqi_flags'],
  },
  { events: ['> futex'], params: ['val'], how: register, why: REGISTER },
  { events: ['> eventfd', '> eventfd2'], params: ['initval'], how: register, why: REGISTER },
  { events: ['> umount2', '> splice'], params: ['flags'], how: masked({ ours: 0xf }), why: UNDEFINED },
  { events: ['> futex'], params: ['op'], how: masked({ module: 0x180 }), why: UNDEFINED },
  { events: ['> lseek'], params: ['whence'], how: zero, why: 'the module takes what is no whence for SEEK_SET' },

  // What the module leaves out
  { events: ['> connect', '< bind'], params: ['addr'], how: empty, why: 'the module needs the whole address in memory to tell its family' },
  { events: ['> mkdir'], params: ['mode'], how: zero, why: 'the module says 0 whatever the mode' },
  { events: ['> timerfd_create'], params: ['clockid'], how: zero, why: 'the driver leaves out the clock' },
  { events: ['> signalfd', '> signalfd4'], params: ['mask'], how: zero, why: 'the driver leaves out the mask' },
  { events: ['> accept'], params: ['flags'], how: zero, why: 'the driver leaves out the flags of accept4' },
  { events: ['< recvfrom', '< recvmsg'], params: ['tuple'], how: empty, why: 'the module tells the peer only where the caller asked for its address' },
  { events: ['> signaldeliver'], params: ['spid'], how: zero, why: 'the module knows the sender of some signals only' },
]
