/** The steps of what a customer buys and has repaired, in their order, and the kinds of what hangs on it. */
export const ORDER_STATUSES = ['enquiry', 'deposit', 'ordered', 'in_transit', 'ready', 'delivered', 'cancelled'] as const
export const REPAIR_STAGES = ['booked', 'received', 'diagnosis', 'parts', 'working', 'check', 'ready', 'closed'] as const
export const PAYMENTS = ['deposit', 'part', 'loan', 'final', 'refund'] as const
export const LINES = ['labour', 'part', 'outside', 'other'] as const
export const BOOKINGS = ['service', 'repair', 'bodywork', 'inspection', 'delivery', 'other'] as const
export const BOOKING_STATES = ['booked', 'confirmed', 'arrived', 'done', 'missed', 'cancelled'] as const
export const LEVELS = ['normal', 'silver', 'gold', 'vip'] as const
export const MOVES = ['earned', 'spent', 'topped_up', 'paid', 'refunded', 'corrected', 'expired'] as const
/** Those that take off. */
export const MOVES_OFF: string[] = ['spent', 'paid', 'expired']
