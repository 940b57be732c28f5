import type { Field } from './field.js'

export const THREAD_FIELDS: readonly Field[] = []
