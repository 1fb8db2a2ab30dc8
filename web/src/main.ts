import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { i18n } from './i18n'
import { leaveComposing } from './lib/composing'
import { router } from './router'
import 'element-plus/theme-chalk/base.css'
import 'element-plus/theme-chalk/el-message.css'
import 'element-plus/theme-chalk/el-message-box.css'
import './styles/base.css'
import './styles/tokens.css'

leaveComposing()
createApp(App).use(createPinia()).use(i18n).use(router).mount('#app')
