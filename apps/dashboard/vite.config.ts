import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2024',
    // Browsers that know light-dark(): it must reach them as it is, because a part of the page may be dark by itself.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // The gateway compresses what it serves; a name with a hash may be kept for ever.
    assetsInlineLimit: 2048,
    chunkSizeWarningLimit: 600,
  },
});
