/** Something that the guest is made of cannot be had on this machine: a reason to skip, where all else is a failure. */
export class Unavailable extends Error {}
