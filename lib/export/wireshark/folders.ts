import { execFile } from 'node:child_process'

/** Where Wireshark looks for what can be added to it. */
export interface Folders {
  /** Of the user who asks. */
  user: string
  /** Of all users. */
  system: string
  /** Is that what tshark says, and not what is usual? */
  told: boolean
}

/** What tshark lists as "NAME:\tPATH"; nothing where it does not run. */
export function tsharkFolders(): Promise<Map<string, string>> {
  return new Promise(resolve => {
    execFile('tshark', ['-G', 'folders'], { timeout: 10_000 }, (error, stdout) => {
      const lines = error === null ? stdout.matchAll(/^([^:\n]+):\s*(\/.*)$/gm) : []
      resolve(new Map([...lines].map(([, name, path]) => [name, path])))
    })
  })
}
