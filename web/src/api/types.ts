/** Short names for what the server describes of itself (src/api/generated/schema.ts, made by `npm run types`). */
import type { components, operations, paths } from './generated/schema'

type Schemas = components['schemas']

export type { operations }
export type Me = Schemas['MeOut']
export type SessionInfo = Schemas['SessionOut']
export type CustomerShort = Schemas['CustomerOut']
export type Car = Schemas['PopCarOut']
export type Order = Schemas['OrderOut']
export type Repair = Schemas['RepairOut']
export type Card = Schemas['PopCardOut']
export type PastCall = Schemas['PastCallOut']
export type Pop = Schemas['PopOut']
export type CallRecord = Schemas['RecordOut']
export type Choice = Schemas['ChoiceOut']
export type RecordChoices = Schemas['ChoicesOut']
export type CallRow = Schemas['CallOut']
export type CallDetail = Schemas['CallDetailOut']
export type RecordingInfo = Schemas['RecordingOut']
export type WrittenRecord = Schemas['ReadRecordOut']
export type Attendee = Schemas['ParticipantOut']
export type TransferRow = Schemas['TransferOut']
export type Lanes = Schemas['LanesOut']
export type Lane = Schemas['LaneOut']
export type Segment = Schemas['SegmentOut']
export type TimelineEvent = Schemas['EventOut']
export type LeftoverItem = Schemas['ItemOut']
export type LeftoverCounts = Schemas['CountsOut']
export type CallbackReport = Schemas['CallbacksOut']
export type Today = Schemas['TodayOut']
export type Waits = Schemas['WaitsOut']
export type CustomerGroup = Schemas['CustomerGroupOut']
export type GroupFields = Schemas['FieldsOut']
export type GroupField = Schemas['FieldOut']
export type GroupOption = Schemas['OptionOut']
export type GroupCount = Schemas['CountOut']
export type GroupMember = Schemas['MemberOut']
export type LabelRule = Schemas['LabelRuleOut']
export type LabelRun = Schemas['RunOut']
export type LabelPlan = Schemas['PlanOut']
export type Score = Schemas['ScoreOut']
export type Formulas = Schemas['FormulasOut']
export type FormulaPreview = Schemas['FormulaPreviewOut']
export type Consents = Schemas['ConsentsOut']
export type ErasurePreview = Schemas['ErasurePreviewOut']
export type ErasureRow = Schemas['ErasureOut']
export type RetentionRow = Schemas['RetentionOut']
export type PromiseRow = Schemas['PromiseOut']
export type PromiseIn = Schemas['PromiseIn']
export type QuickTime = Schemas['QuickTimeOut']
export type KeptReport = Schemas['KeptReportOut']
export type Todo = Schemas['TodoOut']
export type TodoCounts = Schemas['TodoCounts']
export type SystemInfo = Schemas['SystemOut']
export type LineRow = Schemas['LineRow']
export type Phone = Schemas['PhoneOut']
export type PhonePatch = Schemas['PhonePatch']
export type CustomerPatch = Schemas['CustomerPatch']
export type CarRow = Schemas['CarOut']
export type CarWhole = Schemas['CarWhole']
export type CarPatch = Schemas['CarPatch']
export type CarFacts = Schemas['FactsOut']
export type CarRole = Schemas['RoleOut']
export type Tie = Schemas['TieOut']
export type MemberCard = Schemas['CardOut']
export type CardMovement = Schemas['MovementOut']
export type Appointment = Schemas['BookingOut']
export type FileChange = Schemas['ChangeOut']
export type OrderRow = Schemas['OrderRow']
export type RepairRow = Schemas['RepairRow']

export interface Paged<T> {
  items: T[]
  total: number
  page: number
  pages: number
}

type Query<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Q } } } ? NonNullable<Q> : never
export type CallsQuery = Query<'/api/calls'>
export type CustomersQuery = Query<'/api/customers'>
export type PromisesQuery = Query<'/api/promises'>
export type TodosQuery = Query<'/api/todos'>
export type LeftoverQuery = Query<'/api/backlog'>
