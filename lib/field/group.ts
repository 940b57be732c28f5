import type { Field } from './field.js'

export const GROUP_FIELDS: readonly Field[] = []
