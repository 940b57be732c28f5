/** Puts the licences of what is in dist/screen.js beside it: the build calls this. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const METAFILE = 'dist/metafile-esm.json'
const { inputs } = JSON.parse(readFileSync(METAFILE, 'utf8'))
rmSync(METAFILE)

/** The folders of the packages, those inside of others as well. */
const packages = new Set(Object.keys(inputs).flatMap(path => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []))
const texts = [...packages].sort().map(folder => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find(entry => /^licen[cs]e/i.test(entry))
  // Its package.json names one all the same.
  return `${name} ${version} (${license})\n\n${file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim()}\n`
})
writeFileSync('dist/screen.LICENSES.txt', `screen.js contains these packages:\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`)
