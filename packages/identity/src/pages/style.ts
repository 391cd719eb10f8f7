/** The look of every page of this room: one sheet, inline, allowed by its hash alone. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f4f5fb, #0f121b); --card: light-dark(#ffffff, #181c29); --ink: light-dark(#161a2c, #eceff8); --soft: light-dark(#4d5670, #b2bad0);
  --line: light-dark(#e1e4ef, #2a3042); --edge: light-dark(#8189a1, #6c7690); --field: light-dark(#ffffff, #0f121b);
  --accent: light-dark(#4050d6, #98a4ff); --accent-strong: light-dark(#3140b5, #b3bcff); --accent-ink: light-dark(#3443bd, #aeb8ff); --on-accent: light-dark(#ffffff, #12152b);
  --danger: light-dark(#971a35, #ffb5c0); --danger-ground: light-dark(#fdebee, #3a1822); --good: light-dark(#0d7a6f, #6fdcc7); --good-ground: light-dark(#def5f0, #12332f);
  --glow: radial-gradient(56rem 30rem at 8% -12rem, light-dark(#dde2ff, #222a58) 0, transparent 70%), radial-gradient(44rem 26rem at 96% -10rem, light-dark(#d3f4ec, #10332f) 0, transparent 68%);
}
*, *::before, *::after { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 1.5rem;
  font: 1rem/1.5 system-ui, "Segoe UI", "Noto Sans", sans-serif; color: var(--ink); background: var(--glow) no-repeat var(--ground);
}
main { width: 100%; max-width: 25rem; background: var(--card); border: 1px solid var(--line); border-radius: 1rem; padding: 2rem; box-shadow: 0 1rem 3rem #0b102612; }
.brand { display: flex; align-items: center; gap: .6rem; margin: 0 0 1.5rem; font-weight: 650; letter-spacing: .01em; color: var(--soft); }
.brand svg { width: 2rem; height: 2rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .4rem; letter-spacing: -.01em; }
p { margin: 0 0 1.25rem; color: var(--soft); }
label { display: block; font-weight: 600; margin: 0 0 .35rem; }
.field { margin: 0 0 1.1rem; }
.hint { display: block; font-size: .875rem; color: var(--soft); margin-top: .35rem; }
input { width: 100%; min-height: 2.9rem; padding: .55rem .8rem; font: inherit; color: var(--ink); background: var(--field); border: 1px solid var(--edge); border-radius: .75rem; }
input[aria-invalid="true"] { border-color: var(--danger); }
.code { font: 600 1.4rem/1.4 ui-monospace, "DejaVu Sans Mono", monospace; letter-spacing: .12em; text-transform: uppercase; }
button, .button {
  display: block; width: 100%; min-height: 2.9rem; padding: .6rem 1rem; font: inherit; font-weight: 650; text-align: center; text-decoration: none;
  color: var(--on-accent); background: var(--accent); border: 1px solid var(--accent); border-radius: .75rem; cursor: pointer;
}
button:hover, .button:hover { background: var(--accent-strong); border-color: var(--accent-strong); }
button.quiet { color: var(--ink); background: transparent; border-color: var(--edge); margin-top: .75rem; }
button.quiet:hover { background: var(--ground); border-color: var(--edge); }
a { color: var(--accent-ink); text-underline-offset: .2em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.notice { border-radius: .6rem; padding: .7rem .9rem; margin: 0 0 1.25rem; color: var(--danger); background: var(--danger-ground); border: 1px solid currentColor; }
.notice.good { color: var(--good); background: var(--good-ground); }
.links { margin: 1.25rem 0 0; font-size: .9375rem; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
.links a { padding: .25rem 0; }
@media (max-width: 26rem) { body { padding: 0; place-items: stretch; } main { border: 0; border-radius: 0; box-shadow: none; padding: 1.5rem; } }
@media (forced-colors: active) { button, .button, main, .notice { border: 1px solid; } }
`;
