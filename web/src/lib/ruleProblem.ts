import type { InjectionKey, Ref } from 'vue'

/** What is wrong with a rule that is being built, and at which of its parts. */
export const RULE_PROBLEM: InjectionKey<Ref<{ key: number; text: string } | null>> = Symbol('rule problem')
