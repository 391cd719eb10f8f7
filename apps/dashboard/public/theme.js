// Runs before the first paint, so that the page never flashes in the wrong colours. A file, because the page allows no inline script.
(() => {
  const chosen = localStorage.getItem('crownlabs.theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
})();

// The page's own code did not come: the line is down, or the server is being renewed. Nothing of ours runs then, so this says it.
addEventListener(
  'error',
  ({ target }) => {
    const root = document.getElementById('root');
    if (!(target instanceof HTMLScriptElement) || !root || root.childElementCount > 0) return;
    const italian = navigator.language.startsWith('it');
    const [page, box] = [document.createElement('main'), document.createElement('div')];
    const [title, again] = [document.createElement('h1'), document.createElement('a')];
    title.textContent = italian ? 'Non è stato possibile caricare CrownLabs' : 'CrownLabs could not be loaded';
    again.textContent = italian ? 'Ricarica' : 'Load again';
    again.href = '';
    page.className = 'whole';
    box.className = 'empty';
    again.className = 'button primary';
    box.append(title, again);
    page.append(box);
    root.append(page);
  },
  true,
);
