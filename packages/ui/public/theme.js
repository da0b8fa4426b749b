// Before the first paint, so that a dark page never flashes light. A file of its own: the page allows no inline script.
document.documentElement.dataset.theme = localStorage.getItem('capstan.theme') ?? 'system';
