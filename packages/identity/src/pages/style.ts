/** The look of every page of this room: one sheet, inline, allowed by its hash alone. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f3f5fa; --card: #ffffff; --ink: #171b2b; --soft: #566079; --line: #c9d0e0; --field: #ffffff;
  --accent: #3f4fd0; --accent-strong: #3341b3; --on-accent: #ffffff; --danger: #a8162c; --danger-ground: #fdecee; --good: #0f6b3c; --good-ground: #e7f6ee;
  --glow: radial-gradient(60rem 34rem at 12% -10%, #dfe4ff 0, transparent 60%), radial-gradient(50rem 30rem at 100% 110%, #d8f3ee 0, transparent 60%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10131d; --card: #191e2c; --ink: #edf0f8; --soft: #a7b0c6; --line: #3d4660; --field: #12161f;
    --accent: #8f9cff; --accent-strong: #a9b3ff; --on-accent: #12152b; --danger: #ff9aa8; --danger-ground: #3a1820; --good: #7fdcab; --good-ground: #12301f;
    --glow: radial-gradient(60rem 34rem at 12% -10%, #232a55 0, transparent 60%), radial-gradient(50rem 30rem at 100% 110%, #12342f 0, transparent 60%);
  }
}
*, *::before, *::after { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 1.5rem;
  font: 1rem/1.5 system-ui, "Segoe UI", "Noto Sans", sans-serif; color: var(--ink); background: var(--glow) var(--ground);
}
main { width: 100%; max-width: 25rem; background: var(--card); border: 1px solid var(--line); border-radius: 1rem; padding: 2rem; box-shadow: 0 1rem 3rem #0b102612; }
.brand { display: flex; align-items: center; gap: .6rem; margin: 0 0 1.5rem; font-weight: 650; letter-spacing: .01em; color: var(--soft); }
.brand svg { width: 2rem; height: 2rem; color: var(--accent); }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .4rem; letter-spacing: -.01em; }
p { margin: 0 0 1.25rem; color: var(--soft); }
label { display: block; font-weight: 600; margin: 0 0 .35rem; }
.field { margin: 0 0 1.1rem; }
.hint { display: block; font-size: .875rem; color: var(--soft); margin-top: .35rem; }
input { width: 100%; min-height: 2.9rem; padding: .55rem .8rem; font: inherit; color: var(--ink); background: var(--field); border: 1px solid var(--soft); border-radius: .6rem; }
input[aria-invalid="true"] { border-color: var(--danger); }
.code { font: 600 1.4rem/1.4 ui-monospace, "DejaVu Sans Mono", monospace; letter-spacing: .12em; text-transform: uppercase; }
button, .button {
  display: block; width: 100%; min-height: 2.9rem; padding: .6rem 1rem; font: inherit; font-weight: 650; text-align: center; text-decoration: none;
  color: var(--on-accent); background: var(--accent); border: 1px solid var(--accent); border-radius: .6rem; cursor: pointer;
}
button:hover, .button:hover { background: var(--accent-strong); border-color: var(--accent-strong); }
button.quiet { color: var(--ink); background: transparent; border-color: var(--line); margin-top: .75rem; }
button.quiet:hover { border-color: var(--soft); }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.notice { border-radius: .6rem; padding: .7rem .9rem; margin: 0 0 1.25rem; color: var(--danger); background: var(--danger-ground); border: 1px solid currentColor; }
.notice.good { color: var(--good); background: var(--good-ground); }
.links { margin: 1.25rem 0 0; font-size: .9375rem; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
.links a { padding: .25rem 0; }
@media (max-width: 26rem) { body { padding: 0; place-items: stretch; } main { border: 0; border-radius: 0; box-shadow: none; padding: 1.5rem; } }
@media (forced-colors: active) { button, .button, main, .notice { border: 1px solid; } }
`;
