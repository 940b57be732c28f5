import type { Field } from './field.js'

export const USER_FIELDS: readonly Field[] = []
