import { NEVER } from '../state/threadinfo.js'
import { ofThread } from './define.js'
import type { Field } from './field.js'

/** A time that is not known is 0. */
const known = (time: bigint): bigint | undefined => (time === 0n ? undefined : time)

/** The file of the program. */
export const EXECUTABLE_FIELDS: readonly Field[] = [
  ofThread('proc.is_exe_writable', 'BOOL', 'May the user who started it write to the program\'s file?', (thread) => thread.exeWritable),
  ofThread('proc.is_exe_upper_layer', 'BOOL', 'Is the program\'s file in the upper layer of an overlay: not part of the image?',
    (thread) => thread.exeUpperLayer, { since: '0.10' }),
  ofThread('proc.is_exe_lower_layer', 'BOOL', 'Is the program\'s file in a lower layer of an overlay?', (thread) => thread.exeLowerLayer, {
    since: '0.18',
  }),
  ofThread('proc.is_exe_from_memfd', 'BOOL', 'Is the program a file in memory that never was on a disk (memfd_create)?',
    (thread) => thread.exeFromMemfd, { since: '0.12' }),
  ofThread('proc.exe_ino', 'INT64', 'Inode of the program\'s file.', (thread) => known(thread.exeIno), { since: '0.10' }),
  ofThread('proc.exe_ino.ctime', 'ABSTIME', 'When the inode of the program\'s file changed last, in nanoseconds since 1970.',
    (thread) => known(thread.exeCtime), { since: '0.10' }),
  ofThread('proc.exe_ino.mtime', 'ABSTIME', 'When the program\'s file was written last, in nanoseconds since 1970.',
    (thread) => known(thread.exeMtime), { since: '0.10' }),
  ofThread('proc.exe_ino.ctime_duration_proc_start', 'ABSTIME', 'Nanoseconds from the last change of the program\'s inode to its start.',
    ({ exeCtime, cloneTime }, ev) =>
      (exeCtime === 0n || cloneTime === NEVER ? undefined : known(ev._state!.firstTs + BigInt(cloneTime) - exeCtime)),
    { since: '0.10' }),
  ofThread('proc.exe_ino.ctime_duration_pidns_start', 'ABSTIME',
    'Nanoseconds from the start of the pid namespace to the last change of the program\'s inode, if that was later.',
    ({ exeCtime, pidnsStart }) => (pidnsStart !== 0n && exeCtime > pidnsStart ? exeCtime - pidnsStart : undefined), { since: '0.10' }),
  ofThread('proc.pidns_init_start_ts', 'UINT64', 'When its pid namespace started, in nanoseconds since 1970.',
    (thread) => known(thread.pidnsStart), { since: '0.10' }),
]
