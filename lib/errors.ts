/**
 * Every failure that a caller can act on is a CaptureError: a stable `code` for programs, a sentence for people and a
 * `hint`, which is the next thing to type or to do.
 */
export type CaptureErrorCode =
  /** The process lacks a capability that capture needs. */
  | 'ERR_CAPTURE_PERM'
  /** No probe can run here: no BTF, no module, not Linux, or the addon is not built. */
  | 'ERR_CAPTURE_NO_PROBE'
  /** There is no interface of that name, or what is behind it cannot be used. */
  | 'ERR_CAPTURE_NO_DEVICE'
  /** The driver or the kernel speaks a version that this library does not. */
  | 'ERR_CAPTURE_VERSION'
  /** The driver has no place for one more consumer, or the name or port of what is to be made is taken. */
  | 'ERR_CAPTURE_BUSY'
  /** Who fills the queue is gone without having ended it; everything before it was delivered. */
  | 'ERR_CAPTURE_PRODUCER'
  /** A CPU came online that the capture has no ring for; everything before it was delivered. */
  | 'ERR_CAPTURE_HOTPLUG'
  /** A filter could not be understood. */
  | 'ERR_CAPTURE_FILTER'
  /** The file ends in the middle of a block; everything before it was delivered. */
  | 'ERR_CAPTURE_TRUNCATED'
  /** The bytes are not what their format says. */
  | 'ERR_CAPTURE_FORMAT'
  /** A view was used after the burst it belongs to had ended. */
  | 'ERR_CAPTURE_LEASE'
  /** An option has a value that is not allowed. */
  | 'ERR_CAPTURE_OPTION'
  /** The capture was closed. */
  | 'ERR_CAPTURE_CLOSED'
  /** Reading or writing a file failed; `cause` has the system's own error. */
  | 'ERR_CAPTURE_IO'

export class CaptureError extends Error {
  override readonly name = 'CaptureError'
  readonly code: CaptureErrorCode
  /** What to do about it: a command to type wherever there is one. */
  readonly hint: string

  constructor(code: CaptureErrorCode, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.hint = hint
  }
}

/** True for every CaptureError, also one from another copy of this library in the same process. */
export function isCaptureError(error: unknown): error is CaptureError {
  return error instanceof Error && error.name === 'CaptureError' && 'code' in error && 'hint' in error
}
