// Runs inside the page: presses and watches without a test tool in the way. Plain JavaScript, because the browser reads it as it is.

// Notes when a canvas of a desktop's size is first drawn on, and when the panel at its lower edge is there.
const draw = CanvasRenderingContext2D.prototype.drawImage;
CanvasRenderingContext2D.prototype.drawImage = function drawImage(...args) {
  Reflect.apply(draw, this, args);
  if (!(this.canvas instanceof HTMLCanvasElement) || !this.canvas.isConnected || this.canvas.width < 300) return;
  globalThis.frameAt ??= performance.now();
  if (globalThis.paintedAt !== undefined) return;
  const [r, g, b] = this.getImageData(this.canvas.width / 2, this.canvas.height - 20, 1, 1).data;
  if (Math.max(r, g, b) - Math.min(r, g, b) < 10 && r > 20 && r < 110) globalThis.paintedAt = performance.now();
};

// Presses Start, then Connect as soon as it may be pressed; resolves with milliseconds to the first frame and to the painted desktop.
globalThis.startAndConnect = () => {
  delete globalThis.frameAt;
  delete globalThis.paintedAt;
  const clicked = performance.now();
  document.querySelector('[data-testid=template-card][data-template=desktop] [data-testid=start]')?.click();
  return new Promise((resolve) => {
    let connected = false;
    const look = () => {
      const connect = document.querySelector('[data-testid=instance-card] [data-testid=connect]:not([disabled]):not([aria-disabled=true])');
      if (!connected && connect) {
        connected = true;
        connect.click();
      }
      const { frameAt, paintedAt } = globalThis;
      if (frameAt !== undefined && paintedAt !== undefined) resolve({ frame: frameAt - clicked, painted: paintedAt - clicked });
      else setTimeout(look, 2);
    };
    look();
  });
};
