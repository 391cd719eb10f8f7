// Runs before the first paint, so that the page never flashes in the wrong colours. A file, because the page allows no inline script.
(() => {
  const chosen = localStorage.getItem('crownlabs.theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
})();
