import { ref } from 'vue'

/** Which columns of a list this person wants to see; remembered by the browser. At least one always stays. */
export function useColumns(list: string, all: string[]) {
  const key = `dealerline.columns.${list}`
  const hidden = ref<string[]>(JSON.parse(localStorage.getItem(key) ?? '[]') as string[])
  const shown = (name: string): boolean => !hidden.value.includes(name)
  function toggle(name: string): void {
    const next = shown(name) ? [...hidden.value, name] : hidden.value.filter((other) => other !== name)
    if (next.length >= all.length) return
    hidden.value = next
    localStorage.setItem(key, JSON.stringify(next))
  }
  return { all, shown, toggle }
}
