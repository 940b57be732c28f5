/** Writes more than its size limit allows and says how that ended. Run by file.test.ts: limited.ts PATH OPTIONS */
import type { CaptureError } from '../../../lib/errors.js'
import { writeFile } from '../../../lib/export/file.js'
import { synthetic } from '../../helpers/capture.js'

const record = Buffer.alloc(101, 1)
record.writeUInt32LE(record.length, 16)
const [path, options] = process.argv.slice(2)
try {
  await writeFile(synthetic(Array.from({ length: 20_000 }, () => ({ bytes: record }))), path, JSON.parse(options))
  console.log('no error')
} catch (error) {
  const { code, hint, cause } = error as CaptureError
  console.log(code, (cause as NodeJS.ErrnoException)?.code, hint)
}
