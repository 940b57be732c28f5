import type { Field } from './field.js'

export const PROC_FIELDS: readonly Field[] = []
