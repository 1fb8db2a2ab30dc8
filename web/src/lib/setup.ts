/** The first run, as GET /api/setup tells it. */
import type { Text } from './protocol'

export type StepName = 'group' | 'store' | 'administrator' | 'number' | 'agent' | 'test' | 'finish'

export interface SetupStep {
  name: string
  required: boolean
  done: boolean
  values: Record<string, unknown> | null
  mark: string
}

export interface SetupState {
  finished: boolean
  allowed: boolean
  signed_in: boolean
  steps: SetupStep[]
  next: string
  timezone: string
  after: { text: Text; link: string }[]
}
