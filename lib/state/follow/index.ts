import { EVENT_NAMES } from '../../event/table.generated.js'
import type { Table } from '../../field/field.js'
import { traitsOf, USES_FD } from '../traits.js'
import { FILES } from './files.js'
import type { Follow, Followers } from './follow.js'
import { NAMESPACES } from './namespaces.js'
import { ATTRIBUTES, PROGRAMS, USAGE } from './processes.js'
import { SOCKETS, TRAFFIC } from './sockets.js'
import { SYSTEM } from './system.js'

/** Which table each part writes. */
const PARTS: readonly (readonly [table: Table, followers: Followers])[] = [
  ['program', PROGRAMS], ['thread', ATTRIBUTES], ['usage', USAGE], ['fd', FILES], ['fd', SOCKETS], ['fd', NAMESPACES], ['traffic', TRAFFIC], ['container', SYSTEM], ['user', SYSTEM],
]

/** Calls whose exit event, in records of drivers before 4.0, does not say what was asked for. */
const ASKED_BEFORE = new Set([
  'open', 'openat', 'openat2', 'creat', 'socket', 'sendto', 'sendmsg', 'connect', 'accept', 'accept4', 'fcntl', 'execve', 'execveat', 'setuid', 'setgid',
  'setresuid', 'setresgid', 'setpgid', 'setns', 'unshare', 'getrlimit', 'setrlimit', 'prlimit', 'socketpair', 'mkdir', 'rmdir', 'link', 'linkat', 'unlink', 'unlinkat',
])

/** How a state that keeps certain tables follows events, by event code. */
export interface Ways {
  /** What an event changes; undefined for nothing. */
  readonly followers: readonly (Follow | undefined)[]
  /** 1 for enter events that are kept until their exit event. */
  readonly stored: Uint8Array
}

let all: Ways | undefined

/** `tables` undefined: all of them. */
export function waysOf(tables?: ReadonlySet<Table>): Ways {
  if (tables === undefined) return (all ??= ways(() => true))
  return ways(table => tables.has(table))
}

function ways(keeps: (table: Table) => boolean): Ways {
  const kept = PARTS.filter(([table]) => keeps(table))
  const followers = EVENT_NAMES.map((name, code) => {
    for (const [, part] of kept) {
      const follow = followerIn(part, name, code)
      if (follow !== undefined) return follow
    }
    return undefined
  })
  // Fields look into enter events too, when any can be asked for.
  const stored = Uint8Array.from(EVENT_NAMES, (name, code) =>
    Number((code & 1) === 0 && ASKED_BEFORE.has(name) && (keeps('fd') || followers[code + 1] !== undefined)))
  return { followers, stored }
}

function followerIn({ enter = NONE, exit = NONE }: Followers, name: string, code: number): Follow | undefined {
  const part = (code & 1) === 0 ? enter : exit
  return Object.hasOwn(part, name) ? part[name] : undefined
}

const NONE: Readonly<Record<string, Follow>> = {}

/** By event code: 1 for those that keep these tables right. */
export function followed(tables: ReadonlySet<Table>): Uint8Array {
  return Uint8Array.from(EVENT_NAMES, (name, code) => Number(PARTS.some(([table, part]) => tables.has(table) && followerIn(part, name, code) !== undefined)))
}

/** Is what an exit event changes in these tables told by its enter event in part? */
export function needsEnter(code: number, tables: ReadonlySet<Table>): boolean {
  // Of a program only its path is: what it is called the exit event says.
  if (!tables.has('thread') && Object.hasOwn(PROGRAMS.exit!, EVENT_NAMES[code])) return false
  return ASKED_BEFORE.has(EVENT_NAMES[code]) || (traitsOf(code) & USES_FD) !== 0
}
