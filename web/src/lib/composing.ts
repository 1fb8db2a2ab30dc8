/**
 * The keys by which a Chinese word is put together are the input method's: Enter takes its letters, Escape drops them, figures choose
 * among characters. No handler of a page hears of them, or a field would be saved, closed or searched by half a word.
 */
export function leaveComposing(): void {
  // Safari tells the key that ends a word by its code alone.
  window.addEventListener('keydown', (event) => (event.isComposing || event.keyCode === 229) && event.stopImmediatePropagation(), true)
}
