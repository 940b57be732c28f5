import type { Field } from './field.js'

export const EVT_FIELDS: readonly Field[] = []
