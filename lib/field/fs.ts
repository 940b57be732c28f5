import type { Field } from './field.js'

export const FS_FIELDS: readonly Field[] = []
