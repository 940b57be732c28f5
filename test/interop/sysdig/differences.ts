import type { FdInfo } from '../../../lib/state/fdinfo.js'

/**
 * Where what we say is not what sysdig 0.29.3 says, and why that is so. The tests beside this file read it: a difference that
 * no entry explains fails them, and so does an entry that explains nothing any more.
 */
export interface Difference {
  readonly cause: string
  /** In which tests; it has to be needed in each. */
  readonly places: readonly Place[]
  /** In which files, by the name. All by default. */
  readonly files?: RegExp
  /** Of which fields; a line's text is that of the fields in it, and so is what a filter selects. */
  readonly fields: RegExp
  /** With which options of sysdig: "-t r". With any by default. */
  readonly options?: RegExp
  /** In which events: "exit read". All by default. */
  readonly events?: RegExp
  /** Where the event's fd is such a one. */
  readonly fd?: (fd: FdInfo) => boolean
  /** What sysdig says, and what we say. Anything by default. */
  readonly theirs?: RegExp
  readonly ours?: RegExp
  /** What ours has to be where sysdig says `theirs`. */
  readonly right?: (theirs: string) => string
  /** Memory that nobody has written: in some runs it holds what is right, and the entry explains nothing. */
  readonly random?: true
}

/** The recordings and vectors, files of records made by hand, what filters select. */
export type Place = 'recordings' | 'made' | 'filters'

const WITH_NEWER_PARAMETERS = /^(exit_only|exit_only2|newer_params)\.scap$/
const WITHOUT_PROCESSES = /^(min_|shb)|\.pcapng$/
const OF_FD = /^fd\./

export const DIFFERENCES: readonly Difference[] = [
  // Files that 0.29.3 does not understand in full.
  {
    cause: 'the records carry parameters that are newer than 0.29.3: it leaves them out, we show them',
    places: ['recordings'], files: WITH_NEWER_PARAMETERS, fields: /^(evt\.(args|info|arg|rawarg)|proc\.name)/,
  },
  {
    cause: 'libs 0.10 put more in front of loginuid in the list of processes, which 0.29.3 takes for it',
    places: ['recordings'], files: /^pl_new/, fields: /^user\.login/,
  },
  {
    cause: 'exit events without enter events: 0.29.3 looks for the fd in an enter event, and takes the last one that it saw, or 0',
    places: ['recordings'], files: /^(exit_only2?|bigtuple|two_sections)\.scap$/,
    fields: /^(fd\.|evt\.(category|buflen|is_open|args|info|arg)|proc\.fd)/, events: /^exit|enter read/,
  },
  {
    cause: 'a parameter has another name in later drivers',
    places: ['recordings'], files: /^plug221/, fields: /^evt\.(args|info)/, theirs: /plugin ID=/,
  },
  {
    cause: '0.29.3 does not count events of types that it does not know',
    places: ['recordings'], files: /^unknown_code/, fields: /^evt\.num$/,
  },
  {
    cause: 'for events of plugins sysdig has a line of its own',
    places: ['recordings'], files: /^plug221/, fields: /^evt\.num$/, theirs: /^\d+ [-0-9]+ [:0-9]+ \[<NA>\] <NA>$/,
  },
  {
    cause: 'of a parameter without bytes 0.29.3 prints what it has printed last: the one before asks for nothing, then it is the mode',
    places: ['recordings'], files: /^null_param/, fields: /^evt\.(args|info|arg|rawarg\.name)/, ours: /name= |^(""|<NA>)?$/,
  },
  {
    cause: 'an event of a plugin is no event to the clock of 0.29.3',
    places: ['recordings'], files: /^plug221/, fields: /^evt\.(outputtime|deltatime)/, options: /^(-t D|-j)?$/,
  },
  {
    cause: 'times run from the first record; here that is a packet, which sysdig passes over',
    places: ['recordings'], files: /\.pcapng$/, fields: /^evt\.(reltime|deltatime|num)/,
  },
  {
    cause: 'so do times in lines',
    places: ['recordings'], files: /\.pcapng$/, fields: /^evt\.outputtime$/, options: /^-t [rD]$/,
  },
  // What 0.29.3 does not follow.
  {
    cause: 'in an exit event of setsockopt the fd is the second parameter, which 0.29.3 does not look at',
    places: ['recordings', 'filters'], fields: OF_FD, events: /^exit setsockopt/,
  },
  {
    cause: 'of the enter event of openat2 the table of 0.29.3 has the wrong parameter for the directory: it takes the one it works in',
    places: ['made'], fields: /^evt\.(args|info|arg)/, events: /^enter openat2$/,
  },
  {
    cause: 'a directory that the file does not know 0.29.3 looks for in /proc of the machine that it runs on, if that has such a process',
    places: ['made'], files: /^(directories|unopened)/, fields: /^evt\.(args|info|arg)/, theirs: /\//, random: true,
  },
  {
    cause: '0.29.3 keeps files that are closed on exec (O_CLOEXEC), and counts them',
    places: ['recordings'], files: /^medium/, fields: /^proc\.fd(opencount|usage)$/,
  },
  {
    cause: '0.29.3 finds out which end a listed socket is for IPv4 only; without an end it has no protocol and no client',
    places: ['recordings'], files: /^fdtypes/, fields: /^(fd\.|evt\.(args|info|arg))/, ours: /::1|^"?\d+"?$|tcp/,
  },
  // Memory that 0.29.3 reads without having written it: another value in each run.
  {
    cause: 'fd.dev of what is no file is memory that nobody has written',
    places: ['recordings', 'made'], fields: /^fd\.dev/, fd: fd => !fd.isFile, ours: /^"?0"?$/,
  },
  {
    cause: 'the group is printed from eight bytes of which four are the number of children',
    places: ['recordings'], fields: /^group\.gid$/, theirs: /^\d{10,}$/, right: theirs => `${BigInt.asUintN(32, BigInt(theirs))}`,
  },
  {
    cause: 'of an event without a thread 0.29.3 prints the text of the event before; before the first there is none',
    places: ['recordings'], fields: /^evt\.latency\.human$/, ours: /^"?0ns"?$/,
  },
  {
    cause: 'numbers of evt.rawarg it can compare and not print',
    places: ['recordings', 'made'], fields: /^evt\.rawarg/, theirs: /^<NA>$/,
  },
  {
    cause: 'texts are Unicode: where bytes are no UTF-8 there is U+FFFD',
    places: ['made'], fields: /^evt\.rawarg\./, theirs: /[\x80-\xff]/,
    right: theirs => Buffer.from(Buffer.from(theirs, 'latin1').toString()).toString('latin1'),
  },
  {
    cause: 'the port of a client that there is none of: the first bytes of the empty name of its protocol',
    places: ['recordings', 'made'], fields: /^fd\.cport$/, fd: fd => !fd.isIpSocket, theirs: /^0$/, ours: /^(<NA>|null)$/,
  },
  {
    cause: 'whether a program can be written to is memory that nobody has written, of processes that are not listed',
    places: ['recordings'], files: WITHOUT_PROCESSES, fields: /^proc\.is_exe_writable$/, ours: /false/, random: true,
  },
]

/** Files of which sysdig shows fewer events, or none. */
export const STOPS: Readonly<Record<string, string>> = {
  'eth_and_ev.pcapng': 'sysdig stops at a packet behind an event',
  'mc.pcapng': 'sysdig reads no file that begins with a packet and has several interfaces',
  're.pcapng': 'sysdig reads no file that begins with a packet',
  'unk_mid2.scap': 'sysdig stops at a block that it does not know',
  'unkblock_mid.scap': 'sysdig stops at a block that it does not know',
}
