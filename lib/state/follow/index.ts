import { EVENT_COUNT } from '../../event/table.js'
import { EVENT_NAMES } from '../../event/table.generated.js'
import type { Table } from '../../field/field.js'
import { FILES } from './files.js'
import type { Follow, Followers } from './follow.js'
import { PROCESSES } from './processes.js'
import { SOCKETS } from './sockets.js'
import { SYSTEM } from './system.js'

/** Which table each part writes. */
const PARTS: readonly (readonly [table: Table, followers: Followers])[] = [
  ['thread', PROCESSES], ['fd', FILES], ['fd', SOCKETS], ['container', SYSTEM],
]

/** Calls whose exit event, in records of drivers before 4.0, does not say what was asked for. */
const ASKED_BEFORE = new Set([
  'open', 'openat', 'openat2', 'creat', 'socket', 'sendto', 'sendmsg', 'connect', 'accept4', 'fcntl', 'execve', 'execveat', 'setuid', 'setgid',
  'setresuid', 'setresgid', 'setpgid', 'getrlimit', 'setrlimit', 'prlimit', 'socketpair',
])

/** By event code: what it changes; undefined for nothing. */
export const FOLLOWERS: readonly (Follow | undefined)[] = build()

/** By event code: 1 for enter events that are kept until their exit event. */
export const STORED = Uint8Array.from({ length: EVENT_COUNT }, (_, code) => (code & 1) === 0 && ASKED_BEFORE.has(EVENT_NAMES[code]) ? 1 : 0)

function build(): (Follow | undefined)[] {
  return EVENT_NAMES.map((name, code) => {
    for (const [, { enter, exit }] of PARTS) {
      const follow = (code & 1) === 0 ? enter?.[name] : exit?.[name]
      if (follow !== undefined) return follow
    }
    return undefined
  })
}

/** The event codes, of calls both, that have to be followed to keep these tables right. */
export function followed(tables: ReadonlySet<Table>): Uint8Array {
  const codes = new Uint8Array(EVENT_COUNT)
  const names = new Set(PARTS.filter(([table]) => tables.has(table)).flatMap(([, { enter, exit }]) => [...Object.keys(enter ?? {}), ...Object.keys(exit ?? {})]))
  for (let code = 2; code < EVENT_COUNT; code++) if (names.has(EVENT_NAMES[code])) codes[code] = 1
  return codes
}
