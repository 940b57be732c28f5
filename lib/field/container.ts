import type { Field } from './field.js'

export const CONTAINER_FIELDS: readonly Field[] = []
