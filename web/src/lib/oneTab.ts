/**
 * One telephone a browser: the tab that holds the lock `dealerline-desk` is it. The browser frees the lock when the tab dies, so no
 * time-outs are needed; another tab may take it over, and the former holder is told.
 */
export interface DeskClaim {
  mine: boolean
  release: () => void
}

const NAME = 'dealerline-desk'

export async function claimDesk(steal: boolean, onLost: () => void): Promise<DeskClaim> {
  if (!navigator.locks) return { mine: true, release: () => undefined }
  // A reload leaves the old page's lock for a moment: ask a few times before believing in another tab.
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const claim = await tryOnce(steal, onLost)
    if (claim.mine) return claim
    await new Promise((resolve) => setTimeout(resolve, 120))
  }
  return { mine: false, release: () => undefined }
}

function tryOnce(steal: boolean, onLost: () => void): Promise<DeskClaim> {
  return new Promise((resolve) => {
    let release: () => void = () => undefined
    let released = false
    const held = new Promise<void>((end) => {
      release = () => {
        released = true
        end()
      }
    })
    navigator.locks
      .request(NAME, steal ? { steal: true } : { ifAvailable: true }, (lock) => {
        resolve({ mine: lock !== null, release })
        return lock ? held : undefined
      })
      .catch(() => {
        if (!released) onLost()
      })
  })
}
