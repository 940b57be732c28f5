import type { Field } from './field.js'

export const FD_FIELDS: readonly Field[] = []
