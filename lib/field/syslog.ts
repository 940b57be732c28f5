import type { Field } from './field.js'

export const SYSLOG_FIELDS: readonly Field[] = []
