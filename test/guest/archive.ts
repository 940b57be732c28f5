import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { posix } from 'node:path'

const DIRECTORY = 0o040755
const FILE = 0o100000
const LINK = 0o120777
const CHARACTER_DEVICE = 0o020600
const ALIGNMENT = 4

/** Writes a cpio archive in the format "newc", which is what the kernel unpacks as initramfs. Everything belongs to root. */
export class Archive {
  readonly #fd: number
  readonly #names = new Set<string>(['.', '/'])
  #inode = 1

  constructor(path: string) {
    this.#fd = openSync(path, 'w', 0o600)
  }

  /** A copy of a file of this machine. A name that is there already is left as it is. */
  copy(name: string, from: string, mode: number): void {
    if (!this.#names.has(name)) this.file(name, readFileSync(from), mode)
  }

  file(name: string, data: Uint8Array | string, mode: number): void {
    this.#entry(name, FILE | mode, typeof data === 'string' ? Buffer.from(data) : data)
  }

  link(name: string, target: string): void {
    this.#entry(name, LINK, Buffer.from(target))
  }

  device(name: string, major: number, minor: number): void {
    this.#entry(name, CHARACTER_DEVICE, Buffer.alloc(0), major, minor)
  }

  directory(name: string): void {
    if (!this.#names.has(name)) this.#entry(name, DIRECTORY, Buffer.alloc(0))
  }

  /** Ends the archive and closes the file. */
  close(): void {
    this.#write('TRAILER!!!', 0, Buffer.alloc(0), 0, 0)
    closeSync(this.#fd)
  }

  #entry(name: string, mode: number, data: Uint8Array, major = 0, minor = 0): void {
    this.directory(posix.dirname(name))
    this.#names.add(name)
    this.#write(name.replace(/^\//, ''), mode, data, major, minor)
  }

  #write(name: string, mode: number, data: Uint8Array, major: number, minor: number): void {
    // inode, mode, uid, gid, links, time, size, device, device of a special file, length of the name, checksum
    const fields = [this.#inode++, mode, 0, 0, 1, 0, data.length, 0, 0, major, minor, Buffer.byteLength(name) + 1, 0]
    const head = `070701${fields.map(field => field.toString(16).padStart(8, '0')).join('')}${name}\0`
    this.#padded(Buffer.from(head))
    this.#padded(data)
  }

  #padded(data: Uint8Array): void {
    for (let at = 0; at < data.length;) at += writeSync(this.#fd, data, at)
    writeSync(this.#fd, Buffer.alloc(-data.length & (ALIGNMENT - 1)))
  }
}
