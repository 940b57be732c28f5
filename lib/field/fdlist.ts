import type { Field } from './field.js'

export const FDLIST_FIELDS: readonly Field[] = []
