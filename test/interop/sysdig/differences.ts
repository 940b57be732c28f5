/**
 * Where what we say is not what sysdig 0.29.3 says, and why that is so. The tests beside this file read it: a difference that
 * no entry explains fails them, and so does an entry that explains nothing any more.
 */
export interface Difference {
  readonly cause: string
  /** In which files, by the name. All by default. */
  readonly files?: RegExp
  /** Of which fields; a line's text is that of the fields in it. */
  readonly fields: RegExp
  /** In which events: "exit read". All by default. */
  readonly events?: RegExp
  /** What sysdig says, and what we say. Anything by default. */
  readonly theirs?: RegExp
  readonly ours?: RegExp
}

const WITH_NEWER_PARAMETERS = /^(exit_only|exit_only2|newer_params)\.scap$/
const OF_FD = /^fd\./

export const DIFFERENCES: readonly Difference[] = [
  // Files that 0.29.3 does not understand in full.
  {
    cause: 'the records carry parameters that are newer than 0.29.3: it leaves them out, we show them',
    files: WITH_NEWER_PARAMETERS, fields: /^(evt\.(args|info|arg|rawarg)|proc\.name)/,
  },
  {
    cause: 'exit events without enter events: 0.29.3 looks for the fd in an enter event, and takes the last one that it saw, or 0',
    files: /^(exit_only2?|bigtuple|two_sections)\.scap$/, fields: /^(fd\.|evt\.(category|buflen|is_open|args|info|arg)|proc\.fd)/, events: /^exit|enter read/,
  },
  { cause: 'a parameter has another name in later drivers', files: /^plug221/, fields: /^evt\.(args|info)/, theirs: /plugin ID=/ },
  { cause: 'of a parameter without bytes 0.29.3 prints what lies behind it', files: /^null_param/, fields: /^lines -j/ },
  { cause: 'an event of a plugin is no event to the clock of 0.29.3', files: /^plug221/, fields: /^(lines -t D|evt\.deltatime)/ },
  {
    cause: 'times run from the first record; here that is a packet, which sysdig passes over',
    files: /\.pcapng$/, fields: /^(lines -t [rD]|evt\.(reltime|deltatime|num))/,
  },
  // What 0.29.3 does not follow.
  {
    cause: 'in an exit event of setsockopt the fd is the second parameter, which 0.29.3 does not look at',
    fields: OF_FD, events: /^exit setsockopt/,
  },
  {
    cause: '0.29.3 keeps files that are closed on exec (O_CLOEXEC), and counts them',
    files: /^medium/, fields: /^proc\.fd(opencount|usage)$/,
  },
  {
    cause: '0.29.3 finds out which end a listed socket is for IPv4 only; without an end it has no protocol and no client',
    files: /^fdtypes/, fields: /^(fd\.|evt\.(args|info|arg))/, ours: /::1|^\d+$|tcp/,
  },
  // Memory that 0.29.3 reads without having written it: another value in each run.
  { cause: 'fd.dev of what is no file is memory that nobody has written', fields: /^fd\.dev/, ours: /^0$/ },
  { cause: 'the group is printed from eight bytes of which four are the number of children', fields: /^group\.gid$/, theirs: /^\d{10,}$/ },
  {
    cause: 'of an event without a thread 0.29.3 prints the text of the event before; before the first there is none',
    fields: /^evt\.latency\.human$/, ours: /^0ns$/,
  },
  { cause: 'numbers of evt.rawarg it can compare and not print', fields: /^evt\.rawarg/, theirs: /^<NA>$/ },
  { cause: 'the port of a client that there is none of: the first bytes of the empty name of its protocol', fields: /^fd\.cport$/, theirs: /^0$/ },
  { cause: 'memory that nobody has written', files: /^min_/, fields: /^proc\.is_exe_writable$/ },
]

/** Files of which sysdig shows fewer events, or none. */
export const STOPS: Readonly<Record<string, string>> = {
  'eth_and_ev.pcapng': 'sysdig stops at a packet behind an event',
  'mc.pcapng': 'sysdig reads no file that begins with a packet and has several interfaces',
  're.pcapng': 'sysdig reads no file that begins with a packet',
  'unk_mid2.scap': 'sysdig stops at a block that it does not know',
  'unkblock_mid.scap': 'sysdig stops at a block that it does not know',
}
