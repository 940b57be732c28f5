/** A machine made by hand, for fields to look at. */
import type { Event } from '../../../lib/event/event.js'
import { textOf } from '../../../lib/event/text.js'
import type { Operator } from '../../../lib/field/field.js'
import { bindField } from '../../../lib/field/registry.js'
import { valueText } from '../../../lib/field/value.js'
import { FdInfo } from '../../../lib/state/fdinfo.js'
import { State } from '../../../lib/state/state.js'
import { StringList } from '../../../lib/state/stringlist.js'
import { ThreadInfo } from '../../../lib/state/threadinfo.js'
import { event, type RecordFields } from '../../helpers/record.js'

export const state = new State()

export function thread(tid: number, fields: Partial<ThreadInfo> = {}): ThreadInfo {
  const { args = [], env = [], cgroups = [], containerId = '', ...plain } = fields
  const lists = { _args: StringList.of(args), _env: StringList.of(env), _cgroups: { paths: cgroups, containerId } }
  const thread = Object.assign(new ThreadInfo(tid), { pid: tid, ...plain, ...lists })
  state.threads.set(tid, thread)
  return thread
}

export function fd(fields: Partial<Omit<FdInfo, 'isIpSocket'>>): FdInfo {
  return Object.assign(new FdInfo(), fields)
}

export interface World { of?: ThreadInfo; fd?: FdInfo; fdNumber?: number; num?: number; cpu?: number }

/** An event as the state leaves it. */
export function seen(record: RecordFields, { of, fd, fdNumber, num = 1, cpu = 0 }: World = {}): Event {
  const ev = event(record)
  ev._state = state
  ev._thread = of
  ev._fd = fd
  ev.num = num
  ev.cpu = cpu
  if (of !== undefined) of.lastFd = fdNumber ?? (fd === undefined ? -1 : 3)
  return ev
}

/** The text of a field; undefined where it has no value. What it writes must be what it gives. */
export function text(field: string, ev: Event): string | undefined {
  const bound = bindField(field)
  const value = bound.get(ev)
  const given = value === undefined ? undefined : valueText(value, bound.type ?? bound.field.type, bound.format ?? bound.field.format)
  if (bound.write === undefined) return given
  let isWritten = false
  const written = textOf((out) => { isWritten = bound.write!(out, ev) })
  if (isWritten !== (given !== undefined)) throw new Error(`${field} gives ${given} and writes ${isWritten ? written : 'nothing'}`)
  return isWritten ? written : undefined
}

/** Does a check of the field's own accept the event? */
export function accepts(field: string, operator: Operator, operands: readonly string[], ev: Event): boolean {
  const test = bindField(field).compare?.(operator, operands)
  if (test === undefined) throw new Error(`${field} has no comparison of its own`)
  return test(ev)
}
