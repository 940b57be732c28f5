// Replaced by the generated one.
export type FieldName = never
export type FieldValue<_N> = never
