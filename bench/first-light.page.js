// Runs inside the page: presses and watches without a test tool in the way. Plain JavaScript, because the browser reads it as it is.

// Notes when a canvas of a desktop's size is first drawn on, and that it was drawn on. Looking at pixels costs the browser as much as drawing
// them, so that is done apart, a few times in each frame.
const draw = CanvasRenderingContext2D.prototype.drawImage;
CanvasRenderingContext2D.prototype.drawImage = function drawImage(...args) {
  Reflect.apply(draw, this, args);
  if (!(this.canvas instanceof HTMLCanvasElement) || !this.canvas.isConnected || this.canvas.width < 300) return;
  globalThis.frameAt ??= performance.now();
  globalThis.drawn = this;
};

// Whether the panel at the lower edge is there.
const isPainted = (context) => {
  const [r, g, b] = context.getImageData(context.canvas.width / 2, context.canvas.height - 20, 1, 1).data;
  return Math.max(r, g, b) - Math.min(r, g, b) < 10 && r > 20 && r < 110;
};

// Presses Start, then Connect as soon as it may be pressed; resolves with milliseconds to the first frame and to the painted desktop.
globalThis.startAndConnect = () => {
  delete globalThis.frameAt;
  delete globalThis.drawn;
  const clicked = performance.now();
  document.querySelector('[data-testid=template-card][data-template=desktop] [data-testid=start]')?.click();
  return new Promise((resolve) => {
    const watch = () => {
      const { drawn } = globalThis;
      delete globalThis.drawn;
      if (drawn && isPainted(drawn)) resolve({ frame: globalThis.frameAt - clicked, painted: performance.now() - clicked });
      else setTimeout(watch, 5);
    };
    const press = () => {
      const connect = document.querySelector('[data-testid=instance-card] [data-testid=connect]:not([disabled]):not([aria-disabled=true])');
      if (connect) connect.click();
      setTimeout(connect ? watch : press, 2);
    };
    press();
  });
};
