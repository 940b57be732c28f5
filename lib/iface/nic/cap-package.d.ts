/** The part of the npm package `cap` 0.2 that is used; it has no types of its own. */
declare module 'cap' {
  export class Cap {
    static deviceList(): { name: string }[]
    /** Packets are copied into `buffer` one by one. Returns the name of the link type. */
    open(device: string, filter: string, bufferSize: number, buffer: Buffer): string
    on(event: 'packet', listener: (bytes: number, truncated: boolean) => void): this
    removeAllListeners(): this
    close(): void
  }
}
