import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isCaptureError } from '../../../lib/index.js'
import { generate } from '../../../lib/export/wireshark/generate.js'
import { dissectorPath, installDissector, uninstallDissector } from '../../../lib/export/wireshark/install.js'
import { folder } from '../../helpers/folder.js'

const ROOT = new URL('../../../', import.meta.url)
const { file } = folder()

test('the committed dissector is what the generator writes, and what ships', () => {
  for (const [path, content] of generate()) {
    assert.ok(readFileSync(new URL(path, ROOT), 'utf8') === content, `${path} is not current: npm run generate`)
    assert.is(dissectorPath(), new URL(path, ROOT).pathname)
    const { files } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { files: string[] }
    assert.ok(files.includes(path))
  }
})

test('it is installed over itself, and not over what is not ours', async () => {
  const home = file('plugins/of/mine')
  const path = await installDissector(home)
  writeFileSync(path, readFileSync(path, 'utf8').split('\n')[0])
  assert.is(await installDissector(home), path)
  assert.is(readFileSync(path, 'utf8'), readFileSync(dissectorPath(), 'utf8'))
  assert.is(await uninstallDissector(home), path)
  assert.is(await uninstallDissector(home), undefined)

  writeFileSync(path, '-- mine\n')
  assert.is(await uninstallDissector(home), undefined)
  const error = await installDissector(home).catch((error: unknown) => error)
  assert.ok(isCaptureError(error) && error.code === 'ERR_CAPTURE_IO')
  assert.is(readFileSync(path, 'utf8'), '-- mine\n')
})

test('a folder that cannot be made is an error with a hint', async () => {
  writeFileSync(file('occupied'), '')
  mkdirSync(file('there'))
  const error = await installDissector(file('occupied/plugins')).catch((error: unknown) => error)
  assert.ok(isCaptureError(error) && error.code === 'ERR_CAPTURE_IO')
})

test.run()
