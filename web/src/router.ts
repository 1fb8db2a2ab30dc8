import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { within } from '@/lib/patience'
import { useSession } from '@/stores/session'

declare module 'vue-router' {
  interface RouteMeta {
    title?: string
    open?: boolean
    bare?: boolean
    permission?: string
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/sign-in', component: () => import('@/pages/SignInPage.vue'), meta: { open: true, bare: true, title: 'signIn.title' } },
  { path: '/setup', component: () => import('@/pages/SetupPage.vue'), meta: { open: true, bare: true, title: 'setup.title' } },
  { path: '/', component: () => import('@/pages/DeskPage.vue'), meta: { title: 'nav.desk' } },
  { path: '/calls', component: () => import('@/pages/CallsPage.vue'), meta: { title: 'nav.calls', permission: 'calls.view' } },
  { path: '/calls/:id', component: () => import('@/pages/CallPage.vue'), props: true, meta: { title: 'call.title', permission: 'calls.view' } },
  { path: '/leftover', component: () => import('@/pages/LeftoverPage.vue'), meta: { title: 'nav.leftover', permission: 'messages.view' } },
  { path: '/messages', redirect: { path: '/leftover', query: { kind: 'message' } } },
  { path: '/tasks', component: () => import('@/pages/TasksPage.vue'), meta: { title: 'nav.tasks', permission: 'promises.view' } },
  { path: '/leads', component: () => import('@/pages/LeadsPage.vue'), meta: { title: 'nav.leads', permission: 'leads.view' } },
  { path: '/leads/:id', component: () => import('@/pages/LeadPage.vue'), props: true, meta: { title: 'leads.title', permission: 'leads.view' } },
  { path: '/m/leads', component: () => import('@/pages/MobileLeadsPage.vue'), meta: { bare: true, title: 'leads.mobile.title', permission: 'leads.view' } },
  { path: '/customers', component: () => import('@/pages/CustomersPage.vue'), meta: { title: 'nav.customers', permission: 'customers.view' } },
  { path: '/duplicates', component: () => import('@/pages/DuplicatesPage.vue'), meta: { title: 'nav.duplicates', permission: 'customers.merge' } },
  { path: '/customers/:id', component: () => import('@/pages/CustomerPage.vue'), props: true, meta: { title: 'customer.title', permission: 'customers.view' } },
  { path: '/segments', component: () => import('@/pages/SegmentsPage.vue'), meta: { title: 'nav.segments', permission: 'customers.view' } },
  { path: '/privacy', component: () => import('@/pages/PrivacyPage.vue'), meta: { title: 'nav.privacy', permission: 'customers.erase' } },
  { path: '/exchange', component: () => import('@/pages/ExchangePage.vue'), meta: { title: 'exchange.title' } },
  { path: '/exchange/imports/:id', component: () => import('@/pages/ImportPage.vue'), props: true, meta: { title: 'exchange.tab.imports', permission: 'customers.import' } },
  { path: '/board', component: () => import('@/pages/BoardPage.vue'), meta: { title: 'nav.board', permission: 'board.view' } },
  { path: '/board/wall', component: () => import('@/pages/WallPage.vue'), meta: { open: true, bare: true, title: 'nav.board' } },
  { path: '/system', component: () => import('@/pages/SystemPage.vue'), meta: { title: 'nav.system', permission: 'system.manage' } },
  { path: '/me', component: () => import('@/pages/MePage.vue'), meta: { title: 'me.title' } },
  { path: '/:rest(.*)*', component: () => import('@/pages/MissingPage.vue'), meta: { title: 'missing.title' } },
]

export const router = createRouter({ history: createWebHistory(), routes, scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 } })

/** Narrower is a telephone: who has no desk begins with what is made for it. */
const NARROW = 600
/** Where who has neither desk nor board begins. */
const HOMES = [['/leads', 'leads.view'], ['/tasks', 'promises.view'], ['/customers', 'customers.view']] as const

/** A telephone's page opens with what it has kept when the network is there and carries nothing. */
const A_MOMENT = 6000

router.beforeEach(async (to) => {
  const session = useSession()
  try {
    await session.load(false, to.path.startsWith('/m/') ? within(A_MOMENT) : undefined)
  } catch {
    if (to.path.startsWith('/m/')) session.recall()
    return true // the page itself says that the server does not answer, and tries again
  }
  if (session.info?.setup_needed && to.path !== '/setup') return '/setup'
  if (!session.signedIn && !to.meta.open) return { path: '/sign-in', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
  if (session.signedIn && to.path === '/sign-in') return '/'
  if (to.path === '/' && session.signedIn && window.innerWidth < NARROW && session.may('leads.edit') && !session.may('desk.use')) return '/m/leads'
  if (to.path === '/' && session.signedIn && !session.watches) return HOMES.find(([, permission]) => session.may(permission))?.[0] ?? '/me'
  return true
})
