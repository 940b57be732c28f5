import { CaptureError } from '../errors.js'
import { CONTAINER_FIELDS } from './container.js'
import { EVT_FIELDS } from './evt.js'
import { FD_FIELDS } from './fd.js'
import { FDLIST_FIELDS } from './fdlist.js'
import type { Extractor, Field } from './field.js'
import { FS_FIELDS } from './fs.js'
import { GROUP_FIELDS } from './group.js'
import { nearestName } from './nearest.js'
import { PROC_FIELDS } from './proc.js'
import { SYSLOG_FIELDS } from './syslog.js'
import { THREAD_FIELDS } from './thread.js'
import { USER_FIELDS } from './user.js'

/** A field with its argument, and how to get its value. */
export type BoundField = Extractor & {
  readonly field: Field
  readonly arg?: string
}

const ALL: readonly Field[] = [
  EVT_FIELDS, PROC_FIELDS, THREAD_FIELDS, USER_FIELDS, GROUP_FIELDS, CONTAINER_FIELDS, FD_FIELDS, FS_FIELDS, SYSLOG_FIELDS, FDLIST_FIELDS,
].flat()

const byName: ReadonlyMap<string, Field> = new Map(ALL.map((field) => [field.name, field]))
const names: readonly string[] = ALL.map((field) => field.name)
const LONGEST = Math.max(0, ...names.map((name) => name.length))

/** The field of exactly this name. */
export function findField(name: string): Field | undefined {
  return byName.get(name)
}

/** The names of all fields, class by class. */
export function fieldNames(): readonly string[] {
  return names
}

export function fields(): readonly Field[] {
  return ALL
}

/**
 * The field that `text` names with its argument: "evt.arg.name", "evt.arg[0]", "proc.aname[2]".
 * Throws ERR_CAPTURE_FILTER if there is no such field, or its argument will not do.
 */
export function bindField(text: string): BoundField {
  const found = fieldAt(text, 0)
  if (found === undefined) throw noSuchField(text)
  if (found.end !== text.length) throw noSuchField(text, found.field)
  return bound(found)
}

/** A field where it stands in a text, up to `end`. */
export interface FieldAt {
  readonly field: Field
  readonly arg: string | undefined
  readonly end: number
}

/** The field whose name is the longest beginning of what stands at `at`, with its argument if it takes one. */
export function fieldAt(text: string, at: number): FieldAt | undefined {
  for (let length = Math.min(LONGEST, text.length - at); length > 0; length--) {
    const field = byName.get(text.slice(at, at + length))
    if (field !== undefined) return { field, ...argumentAt(field, text, at + length) }
  }
  return undefined
}

const DOTTED = /\.([\w-]+)/y
const BRACKETED = /\[(?:"([^"]*)"|'([^']*)'|([^\]]*))\]/y

function argumentAt(field: Field, text: string, at: number): { arg: string | undefined; end: number } {
  if (field.arg !== undefined) {
    for (const form of [DOTTED, BRACKETED]) {
      form.lastIndex = at
      const match = form.exec(text)
      if (match !== null) return { arg: match[1] ?? match[2] ?? match[3], end: form.lastIndex }
    }
  }
  return { arg: undefined, end: at }
}

/** Binds the field to its argument. Throws ERR_CAPTURE_FILTER if the argument will not do. */
export function bound({ field, arg }: Omit<FieldAt, 'end'>): BoundField {
  if (arg === undefined && field.arg === 'required') {
    throw new CaptureError('ERR_CAPTURE_FILTER', `${field.name} needs an argument`, `Say which: ${field.name}[0] or ${field.name}.name.`)
  }
  try {
    return Object.assign(Object.create(field.bind(arg)) as Extractor, { field, ...(arg === undefined ? {} : { arg }) })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new CaptureError('ERR_CAPTURE_FILTER', `${field.name}[${arg ?? ''}]: ${error.message}`, field.doc, error)
  }
}

export function noSuchField(text: string, beginning?: Field): CaptureError {
  const name = text.replace(/\[.*$/s, '')
  const nearest = nearestName(name, names) ?? beginning?.name
  const hint = nearest === undefined ? '`sysring fields` lists those that there are.' : `Did you mean ${nearest}?`
  return new CaptureError('ERR_CAPTURE_FILTER', `There is no field ${text}`, hint)
}
