/** What the rules of a queue do, told again while they are typed. The server tries them out and takes them back. */
document.addEventListener('DOMContentLoaded', () => {
  const place = document.querySelector('.field-preview .readonly')
  const form = place && place.closest('form')
  if (!form || !place.querySelector('ul.preview')) return
  let timer = 0
  let asked = 0
  async function ask() {
    const mine = ++asked
    const data = new FormData(form)
    data.append('_preview', '1')
    const answer = await fetch(window.location.href, { method: 'POST', body: data, credentials: 'same-origin' })
    if (!answer.ok || mine !== asked) return
    place.innerHTML = (await answer.json()).html
  }
  function soon() {
    window.clearTimeout(timer)
    timer = window.setTimeout(() => ask().catch(() => undefined), 400)
  }
  form.addEventListener('input', soon)
  form.addEventListener('change', soon)
})
