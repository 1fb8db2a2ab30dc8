import { useI18n } from 'vue-i18n'
import { overBreak } from './board'
import type { BoardAlarm, BoardPerson, BoardQueue } from './protocol'
import { clock } from './time'

/** What an alarm says. What grows with every second is counted here while the alarm is on. */
export function useAlarmWords(queues: () => BoardQueue[], people: () => BoardPerson[] = () => []): (alarm: BoardAlarm, now: number) => string {
  const { t } = useI18n()
  return (alarm, now) => {
    const queue = alarm.ended === null ? queues().find((q) => q.id === alarm.queue) : undefined
    const person = people().find((p) => p.id === alarm.person)
    switch (alarm.kind) {
      case 'waiting':
        return t('alarm.waiting', { n: queue?.waiting ?? alarm.value, limit: alarm.limit })
      case 'oldest':
        return t('alarm.oldest', { time: clock(queue?.oldest ? now - queue.oldest : alarm.value), limit: alarm.limit })
      case 'level':
        return t('alarm.level', { n: queue?.level == null ? alarm.value : Math.round(queue.level * 100), limit: alarm.limit })
      case 'nobody':
        return t('alarm.nobody')
      case 'over_break':
        return t('alarm.over_break', { time: clock(alarm.ended !== null ? alarm.value : person && overBreak(person, now) ? now - (person.until ?? now) : now - alarm.since) })
    }
  }
}
