import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2024',
    // The gateway compresses what it serves; a name with a hash may be kept for ever.
    assetsInlineLimit: 2048,
    chunkSizeWarningLimit: 600,
  },
});
