import type { Event } from '../event/event.js'
import { AT_FDCWD } from '../event/paramtext.js'
import { Argument } from '../state/follow/argument.js'
import { int64 } from '../state/params.js'
import { joinPath } from '../state/path.js'
import { byType } from './bytype.js'
import { define } from './define.js'
import type { Field } from './field.js'

type Role = 'name' | 'source' | 'target'
type Paths = Readonly<Partial<Record<Role, string>>>

const RENAME: Paths = { source: 'oldpath', target: 'newpath' }
const LINK: Paths = { source: 'newpath', target: 'oldpath' }
const SYMLINK: Paths = { source: 'linkpath', target: 'target' }

/** The parameters with the paths of a call, by its name. Those of old events are in the enter event, with the same names. */
const PATHS: Readonly<Record<string, Paths>> = {
  mkdir: { name: 'path' }, mkdirat: { name: 'path' }, rmdir: { name: 'path' }, unlink: { name: 'path' }, unlinkat: { name: 'name' },
  open: { name: 'name' }, openat: { name: 'name' }, openat2: { name: 'name' },
  chmod: { name: 'filename' }, fchmodat: { name: 'filename' }, chown: { name: 'path' }, lchown: { name: 'path' },
  fchownat: { name: 'pathname' }, quotactl: { name: 'special' }, umount: { name: 'name' }, umount2: { name: 'name' },
  mount: { source: 'dev', target: 'dir' },
  rename: RENAME, renameat: RENAME, renameat2: RENAME, link: LINK, linkat: LINK, symlink: SYMLINK, symlinkat: SYMLINK,
}

/** Calls that take an fd in the place of a path. */
const BY_FD = new Set(['fchmod', 'fchown'])

/** Where the directory of a relative path is: the parameter with its fd. All others start in the working directory. */
const DIRECTORIES: Readonly<Record<string, Paths>> = {
  fchownat: { name: 'dirfd' }, fchmodat: { name: 'dirfd' }, mkdirat: { name: 'dirfd' }, unlinkat: { name: 'dirfd' },
  symlinkat: { source: 'linkdirfd' },
  renameat: { source: 'olddirfd', target: 'newdirfd' }, renameat2: { source: 'olddirfd', target: 'newdirfd' },
}

/** How to get one path of the events of a type. */
interface Source {
  /** Undefined: the name of the event's fd. */
  readonly path: Argument | undefined
  readonly directory: Argument | undefined
  /** The call has made an fd, which has the whole path. */
  readonly opens: boolean
}

function source(role: Role): (type: number) => Source | undefined {
  const shared = new Map<string, Argument>()
  const argument = (name: string | undefined) => {
    if (name === undefined) return undefined
    if (!shared.has(name)) shared.set(name, new Argument(name))
    return shared.get(name)
  }
  return byType(({ name, dir, flags }) => {
    const isByFd = role === 'name' && BY_FD.has(name)
    const path = argument(PATHS[name]?.[role])
    if (dir === 'enter' || (path === undefined && !isByFd)) return undefined
    return { path, directory: argument(DIRECTORIES[name]?.[role]), opens: flags.includes('CREATES_FD') }
  }, undefined)
}

const UNKNOWN = '<UNKNOWN>'

/** The path as it is in the event, of calls that did not fail. */
function rawPath(ev: Event, { path, opens }: Source): string | undefined {
  const { _state: state, _thread: thread } = ev
  const result = int64(ev, 0, -1)
  if (state === undefined || thread === undefined || (opens ? result === -1 : result !== 0)) return undefined
  return path === undefined ? ev._fd?.name : path.text(state, ev, thread)
}

function wholePath(ev: Event, its: Source): string | undefined {
  const raw = rawPath(ev, its)
  if (raw === undefined || raw.startsWith('/')) return raw
  if (its.opens && its.directory === undefined && ev.name !== 'open') return ev._fd?.name ?? UNKNOWN
  return joinPath(directory(ev, its), raw)
}

function directory(ev: Event, { directory }: Source): string {
  const state = ev._state!
  const thread = ev._thread!
  const dirfd = directory?.int64(state, ev, thread, AT_FDCWD) ?? AT_FDCWD
  return dirfd === AT_FDCWD ? state.cwdOf(thread) : state.fdsOf(thread).get(dirfd)?.name ?? UNKNOWN
}

function fields(role: Role, words: string): Field[] {
  const its = source(role)
  const field = (suffix: string, how: string, get: (ev: Event, its: Source) => string | undefined) =>
    define(`fs.path.${role}${suffix}`, 'CHARBUF', `${words} of a call on the file system that did not fail, ${how}.`,
      (ev) => {
        const found = its(ev.type)
        return found === undefined ? undefined : get(ev, found)
      }, { since: '0.12', needs: ['thread', 'fd'] })
  return [field('', 'as a whole path', wholePath), field('raw', 'as it was given', rawPath)]
}

/** Paths that calls are about. */
export const FS_FIELDS: readonly Field[] = [
  ...fields('name', 'The path'),
  ...fields('source', 'The path that is moved or linked'),
  ...fields('target', 'The path that it is moved or linked to'),
]
