import { fileURLToPath, URL } from 'node:url'
import vue from '@vitejs/plugin-vue'
import Components from 'unplugin-vue-components/vite'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import { defineConfig } from 'vitest/config'

// Where `npm run dev` finds the switch and the API: the mock of dev/mock-server.mjs, or a running Dealerline.
const backend = process.env.DEALERLINE_BACKEND ?? 'http://127.0.0.1:11401'

export default defineConfig({
  base: '/',
  plugins: [vue(), Components({ dts: false, dirs: [], resolvers: [ElementPlusResolver({ importStyle: process.env.VITEST ? false : 'css' })] })],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: { __VUE_OPTIONS_API__: 'true', __VUE_I18N_LEGACY_API__: 'false', __INTLIFY_DROP_MESSAGE_COMPILER__: 'false' },
  build: { outDir: 'dist', sourcemap: false, chunkSizeWarningLimit: 900, target: 'es2022' },
  worker: { format: 'es' },
  server: {
    port: Number(process.env.PORT ?? 11400),
    host: '127.0.0.1',
    strictPort: true,
    proxy: {
      '/api': { target: backend },
      '/desk': { target: backend, ws: true },
      '/sip': { target: backend, ws: true },
    },
  },
  test: { environment: 'happy-dom', include: ['tests/**/*.test.ts'], css: false },
})
