import type { Event } from '../event/event.js'
import { AT_FDCWD } from '../event/paramtext.js'
import { displayPath } from '../event/path.js'
import { printable } from '../state/names.js'
import { int64 } from '../state/params.js'
import { byType } from './bytype.js'
import { define } from './define.js'
import type { Extractor, Field } from './field.js'
import { latin1, Param } from './param.js'

// Bits of the driver's open flags (PPM_O_*) and of modes.
const READ = 1 << 0
const WRITE = 1 << 1
const CREATE = 1 << 2
const TMPFILE = 1 << 13
const CREATED = 1 << 14
const MAY_EXECUTE = 0o111

/** Events in which a file was opened. */
const isOpen = byType(({ const: code }) => /^PPME_SYSCALL_(OPEN_X|OPENAT_E|OPENAT_2_X|OPENAT2_X|OPEN_BY_HANDLE_AT_X)$/.test(code), false)
const isCreat = byType(({ const: code }) => code === 'PPME_SYSCALL_CREAT_X', false)

const FLAGS = new Param('flags')
const MODE = new Param('mode')

function openFlags(ev: Event): number {
  return isOpen(ev.type) ? FLAGS.uint32(ev) ?? 0 : 0
}

function isOpenExec(ev: Event): boolean {
  if ((openFlags(ev) & (CREATE | TMPFILE)) === 0 && !isCreat(ev.type)) return false
  return ((MODE.uint32(ev) ?? 0) & MAY_EXECUTE) !== 0
}

function isOpenCreate(ev: Event): boolean {
  const flags = openFlags(ev)
  return (flags & CREATED) !== 0 || ((flags & TMPFILE) !== 0 && (ev.type & 1) === 1 && int64(ev, 0, -1) >= 0)
}

/** Names of the parameters with a directory's fd and the path that starts there. */
type Place = readonly [dirfd: string, path: string]

/** Of each event its paths: where it comes from and, of those with two, where it goes to. */
const PLACES: Readonly<Record<string, readonly [Place, Place?]>> = {
  RENAMEAT_X: [['olddirfd', 'oldpath'], ['newdirfd', 'newpath']],
  RENAMEAT2_X: [['olddirfd', 'oldpath'], ['newdirfd', 'newpath']],
  SYMLINKAT_X: [['linkdirfd', 'linkpath']],
  OPENAT_E: [['dirfd', 'name']],
  OPENAT_2_X: [['dirfd', 'name']],
  OPENAT2_X: [['dirfd', 'name']],
  LINKAT_E: [['olddir', 'oldpath'], ['newdir', 'newpath']],
  LINKAT_2_X: [['olddir', 'oldpath'], ['newdir', 'newpath']],
  UNLINKAT_E: [['dirfd', 'name']],
  UNLINKAT_2_X: [['dirfd', 'name']],
  MKDIRAT_X: [['dirfd', 'path']],
  FCHMODAT_X: [['dirfd', 'filename']],
}

const places = byType(({ const: code, params }) => {
  const index = (name: string) => params.findIndex((param) => param.name === name)
  return PLACES[code.replace('PPME_SYSCALL_', '')]?.map((place) => place && { dirfd: index(place[0]), path: index(place[1]) })
}, undefined)

function absolutePath(ev: Event, which: 0 | 1): string | undefined {
  const its = places(ev.type)
  // Calls with one path have the same one on either end.
  const place = its && (its[which] ?? its[0])
  const thread = ev._thread
  const state = ev._state
  if (place === undefined || thread === undefined || state === undefined) return undefined
  // displayPath wants the bytes.
  const path = latin1(ev, place.path)
  if (path === undefined) return undefined
  if (path.startsWith('/')) return displayPath('', path)
  const dirfd = int64(ev, place.dirfd, AT_FDCWD)
  if (dirfd === AT_FDCWD) return displayPath(state.cwdOf(thread), path)
  const directory = state.fdsOf(thread).get(dirfd)
  return displayPath(directory === undefined ? '<UNKNOWN>/' : `${printable(directory.name)}/`, path)
}

const ABSOLUTE_PATH: Field = {
  name: 'evt.abspath',
  type: 'CHARBUF',
  doc: 'The whole path, of calls that take a path and the fd of the directory where it starts; .src and .dst of those with two.',
  arg: 'optional',
  needs: ['thread', 'fd'],
  bind: (arg): Extractor => {
    if (arg !== undefined && arg !== 'src' && arg !== 'dst') throw new RangeError('its argument is src or dst')
    return { get: (ev) => absolutePath(ev, arg === 'dst' ? 1 : 0) }
  },
}

export const OPEN_FIELDS: readonly Field[] = [
  define('evt.is_open_read', 'BOOL', 'Was a file opened for reading?', (ev) => (openFlags(ev) & READ) !== 0),
  define('evt.is_open_write', 'BOOL', 'Was a file opened for writing?', (ev) => (openFlags(ev) & WRITE) !== 0),
  define('evt.is_open_exec', 'BOOL', 'Was a file created that may be executed?', isOpenExec),
  define('evt.is_open_create', 'BOOL', 'Was a file created?', isOpenCreate, { since: '0.13' }),
  ABSOLUTE_PATH,
]
