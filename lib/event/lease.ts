import { CaptureError } from '../errors.js'

/**
 * Who may look at borrowed memory, and until when.
 *
 * A burst lends the memory of a ring or of a file buffer. When it ends, the generation moves on: whatever was made
 * under the old one refuses to answer. The memory itself may by then be reused or unmapped.
 */
export class Lease {
  generation = 1

  end(): void {
    this.generation++
  }
}

export function leaseEnded(): CaptureError {
  return new CaptureError(
    'ERR_CAPTURE_LEASE',
    'this view belongs to a burst that has ended',
    'use events inside the loop over their burst, or keep a copy: ev.retain()',
  )
}

/**
 * What an event looks through once its lease has ended. A DataView of its own kind, so that the accessors of a living
 * event stay one inlined load with no check: only the dead one is different, and it throws.
 */
class EndedView extends DataView<ArrayBuffer> {
  constructor() {
    super(new ArrayBuffer(0))
  }
  override getUint8(): number { throw leaseEnded() }
  override getInt8(): number { throw leaseEnded() }
  override getUint16(): number { throw leaseEnded() }
  override getInt16(): number { throw leaseEnded() }
  override getUint32(): number { throw leaseEnded() }
  override getInt32(): number { throw leaseEnded() }
  override getBigUint64(): bigint { throw leaseEnded() }
  override getBigInt64(): bigint { throw leaseEnded() }
  override getFloat64(): number { throw leaseEnded() }
}

export const ENDED: DataView = new EndedView()
