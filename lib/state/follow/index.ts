import { EVENT_COUNT } from '../../event/table.js'
import { EVENT_NAMES } from '../../event/table.generated.js'
import type { Table } from '../../field/field.js'
import { FILES } from './files.js'
import type { Follow, Followers } from './follow.js'
import { PROCESSES, USAGE } from './processes.js'
import { SOCKETS, TRAFFIC } from './sockets.js'
import { SYSTEM } from './system.js'

/** Which table each part writes. */
const PARTS: readonly (readonly [table: Table, followers: Followers])[] = [
  ['thread', PROCESSES], ['usage', USAGE], ['fd', FILES], ['fd', SOCKETS], ['traffic', TRAFFIC], ['container', SYSTEM], ['user', SYSTEM],
]

/** Calls whose exit event, in records of drivers before 4.0, does not say what was asked for. */
const ASKED_BEFORE = new Set([
  'open', 'openat', 'openat2', 'creat', 'socket', 'sendto', 'sendmsg', 'connect', 'accept4', 'fcntl', 'execve', 'execveat', 'setuid', 'setgid',
  'setresuid', 'setresgid', 'setpgid', 'getrlimit', 'setrlimit', 'prlimit', 'socketpair', 'mkdir', 'rmdir', 'link', 'linkat', 'unlink', 'unlinkat',
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

/** By event code: 1 for those that keep these tables right. */
export function followed(tables: ReadonlySet<Table>): Uint8Array {
  return Uint8Array.from(EVENT_NAMES, (name, code) =>
    Number(PARTS.some(([table, { enter, exit }]) => tables.has(table) && Object.hasOwn(((code & 1) === 0 ? enter : exit) ?? {}, name))))
}
