/** One table of keys: what the tooltips show is what the keyboard does. By `code`, so that layouts and the Mac's Option key do not matter. */
export type Action =
  | 'answer' | 'refuse' | 'hold' | 'mute' | 'keypad' | 'hangup' | 'wrapDone' | 'wrapMore' | 'ready' | 'busy' | 'nextTab' | 'notes' | 'help'
  | 'transfer' | 'consult' | 'invite' | 'recordPause' | 'raiseHand' | 'rooms'
  | 'complete' | 'cancelAttempt' | 'swap' | 'threeWay'
  | 'makeLead' | 'promise' | 'rejoin' | 'listen' | 'whisper' | 'barge' | 'takeOver' | 'helpHand' | 'grant' | 'deny'

export const KEYS: Record<Action, { code: string; shown: string }> = {
  answer: { code: 'KeyA', shown: 'Alt+A' },
  refuse: { code: 'KeyZ', shown: 'Alt+Z' },
  hold: { code: 'KeyH', shown: 'Alt+H' },
  mute: { code: 'KeyM', shown: 'Alt+M' },
  keypad: { code: 'KeyK', shown: 'Alt+K' },
  hangup: { code: 'KeyX', shown: 'Alt+X' },
  wrapDone: { code: 'KeyQ', shown: 'Alt+Q' },
  wrapMore: { code: 'KeyW', shown: 'Alt+W' },
  ready: { code: 'KeyR', shown: 'Alt+R' },
  busy: { code: 'KeyB', shown: 'Alt+B' },
  nextTab: { code: 'KeyJ', shown: 'Alt+J' },
  notes: { code: 'KeyN', shown: 'Alt+N' },
  help: { code: 'Slash', shown: 'Alt+/' },
  transfer: { code: 'KeyT', shown: 'Alt+T' },
  consult: { code: 'KeyC', shown: 'Alt+C' },
  invite: { code: 'KeyI', shown: 'Alt+I' },
  recordPause: { code: 'KeyP', shown: 'Alt+P' },
  raiseHand: { code: 'KeyU', shown: 'Alt+U' },
  rooms: { code: 'KeyY', shown: 'Alt+Y' },
  complete: { code: 'KeyO', shown: 'Alt+O' },
  cancelAttempt: { code: 'KeyV', shown: 'Alt+V' },
  swap: { code: 'KeyS', shown: 'Alt+S' },
  threeWay: { code: 'KeyG', shown: 'Alt+G' },
  promise: { code: 'KeyD', shown: 'Alt+D' },
  rejoin: { code: 'Digit0', shown: 'Alt+0' },
  listen: { code: 'Digit1', shown: 'Alt+1' },
  whisper: { code: 'Digit2', shown: 'Alt+2' },
  barge: { code: 'Digit3', shown: 'Alt+3' },
  takeOver: { code: 'Digit4', shown: 'Alt+4' },
  grant: { code: 'Digit5', shown: 'Alt+5' },
  deny: { code: 'Digit6', shown: 'Alt+6' },
  helpHand: { code: 'KeyL', shown: 'Alt+L' },
  makeLead: { code: 'KeyE', shown: 'Alt+E' },
}

/** The same three keys are for a lead's ways to be at a call, and for the calls of one who has several: nobody has both. */
export const CALL_KEYS: Action[] = ['listen', 'whisper', 'barge']

export function actionOf(event: Pick<KeyboardEvent, 'altKey' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'code'>): Action | null {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return null
  for (const [action, key] of Object.entries(KEYS)) if (key.code === event.code) return action as Action
  return null
}
