/** A network that is there and carries nothing: better no answer than waiting for ever. Old browsers wait. */
export const within = (milliseconds: number): AbortSignal | undefined => (typeof AbortSignal.timeout === 'function' ? AbortSignal.timeout(milliseconds) : undefined)
