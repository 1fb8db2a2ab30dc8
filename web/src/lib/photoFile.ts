/** Photos as a telephone takes them, made fit to be sent. */
const LONGEST_SIDE = 1600
const LARGEST = 8 * 1024 * 1024
/** What the server takes as it is. */
const KNOWN = ['image/jpeg', 'image/png', 'image/webp']

/** Turned as it was taken. Raises when it is nothing that this browser can draw. */
async function drawn(file: Blob): Promise<ImageBitmap | HTMLImageElement> {
  try {
    return await createImageBitmap(file, { imageOrientation: 'from-image' })
  } catch {
    const picture = new Image()
    picture.src = URL.createObjectURL(file)
    await picture.decode().finally(() => URL.revokeObjectURL(picture.src))
    return picture
  }
}

/** A photo as small as it can be looked at (mobile networks are slow), without what the camera wrote beside it; or what is wrong with the file. */
export async function smaller(file: Blob): Promise<Blob | 'notAPhoto' | 'tooBig'> {
  let picture: ImageBitmap | HTMLImageElement
  try {
    picture = await drawn(file)
  } catch {
    return 'notAPhoto'
  }
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(picture.width * scale))
  canvas.height = Math.max(1, Math.round(picture.height * scale))
  canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height)
  if ('close' in picture) picture.close()
  const made = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', 0.82))
  const best = made && (made.size < file.size || scale < 1 || !KNOWN.includes(file.type)) ? made : file
  return best.size > LARGEST ? 'tooBig' : best
}
