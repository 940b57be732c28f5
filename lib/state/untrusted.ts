/**
 * JSON from outside: runtimes, their files, container events. Nothing in it need be what it should be; these say what there is of
 * the right kind, and no more of it than anybody needs.
 */
export type Untrusted = Readonly<Record<string, unknown>>

const MAX_TEXT = 4096
const MAX_LIST = 1024
const NOTHING: Untrusted = Object.freeze({})

/** An object; an empty one, where it is something else. */
export function record(value: unknown): Untrusted {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Untrusted : NOTHING
}

/** A text that is not empty, cut where it is longer than 4096 characters. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, MAX_TEXT) : undefined
}

/** The elements of a list, 1024 at most; none, where it is something else. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, MAX_LIST) : []
}

/** The texts in a list. */
export function texts(value: unknown): string[] {
  return list(value).flatMap(entry => text(entry) ?? [])
}
