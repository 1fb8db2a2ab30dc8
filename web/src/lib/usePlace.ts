import { reactive } from 'vue'

/** Where one is, or why that cannot be had: none of it stands in the way of saving. */
export type NoPlace = '' | 'insecure' | 'refused' | 'notFound'

interface Where {
  asking: boolean
  trouble: NoPlace
  latitude: number | null
  longitude: number | null
}

/** Browsers give the position only to pages over HTTPS (and to this machine itself), and only when the person allows it. */
export function usePlace(from: { secure: () => boolean; geolocation: () => Geolocation | undefined } = { secure: () => window.isSecureContext, geolocation: () => navigator.geolocation }) {
  const where = reactive<Where>({ asking: false, trouble: '', latitude: null, longitude: null })
  const failed = (trouble: NoPlace): void => void Object.assign(where, { asking: false, trouble })

  function locate(): void {
    const geolocation = from.geolocation()
    if (!from.secure()) return failed('insecure')
    if (!geolocation) return failed('notFound')
    Object.assign(where, { asking: true, trouble: '' })
    geolocation.getCurrentPosition(
      ({ coords }) => Object.assign(where, { asking: false, latitude: coords.latitude, longitude: coords.longitude }),
      (error) => failed(error.code === 1 ? 'refused' : 'notFound'),
      { enableHighAccuracy: true, timeout: 10_000, maximumAge: 60_000 },
    )
  }
  return { where, locate }
}
